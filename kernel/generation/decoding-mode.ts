import { assistedDecoding } from './assisted';
import { beamSearch } from './beam-search';
import type { Decoding } from './decoding';
import type { ResolvedParameters } from './parameters';
import { sample } from './sample';
import { warn } from './warnings';

/**
 * The way of decoding the parameters ask for.
 *
 * @param drafts Whether there is an assistant.
 * @param streams Whether tokens are streamed.
 * @throws {RangeError} With Python's texts, for ways of decoding that transformers no longer carries, and for options
 *   that exclude each other.
 */
export function decodingFor(p: ResolvedParameters, drafts: boolean, streams: boolean): Decoding {
  const beams = p.num_beams > 1;
  const moved =
    p['constraints'] != null || p['force_words_ids'] != null
      ? 'Constrained Beam Search'
      : beams && (p['num_beam_groups'] as number) > 1
        ? 'Group Beam Search'
        : !beams && !p.do_sample && (p.top_k ?? 0) > 1 && (p['penalty_alpha'] as number) > 0
          ? 'Contrastive Search'
          : p['dola_layers'] != null
            ? 'Dola Generation'
            : undefined;
  if (moved) {
    const repository = moved === 'Dola Generation' ? 'dola' : moved.toLowerCase().replace(/ /g, '-');
    throw new RangeError(
      `${moved} requires \`trust_remote_code=True\` in your \`generate\` call, since it loads ` +
        `https://hf.co/transformers-community/${repository}.`
    );
  }
  if (beams) {
    if (streams) {
      throw new RangeError(
        '`streamer` cannot be used with beam search (yet!). Make sure that `num_beams` is set to 1.'
      );
    }
    if (drafts || p.prompt_lookup_num_tokens !== undefined) {
      warn(
        "You've set `assistant_model` or `use_mtp`, which triggers assisted generate. Currently, assisted generate " +
          'is only supported with Greedy Search and Sample. However, the base decoding mode (based on current flags) ' +
          `is ${p.do_sample ? 'beam_sample' : 'beam_search'} -- some of the set flags will be ignored.`
      );
    }
    return beamSearch;
  }
  if (drafts || p.prompt_lookup_num_tokens !== undefined) {
    if (p.num_return_sequences > 1) {
      throw new RangeError(
        `num_return_sequences has to be 1 when doing assisted generate, but is ${p.num_return_sequences}.`
      );
    }
    return assistedDecoding;
  }
  return sample;
}
