/**
 * Decoding token by token: text comes out as soon as it can no longer change.
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/tokenizer/mod.rs, DecodeStream
 */
export class DecodeStream {
  private ids: number[] = [];
  private prefix = '';
  private prefixLength = 0; // ids whose text is `prefix`

  /** @param decode Decodes ids to text. */
  constructor(private readonly decode: (ids: readonly number[]) => string) {}

  /**
   * Takes one more id.
   *
   * @returns The text that is new and final; '' while a character is incomplete.
   */
  push(id: number): string {
    this.ids.push(id);
    const text = this.decode(this.ids);
    if (text.length <= this.prefix.length || text.endsWith('\ufffd')) {
      return '';
    }
    const added = text.slice(this.prefix.length);
    // The last tokens stay as context: decoders treat the first token of a text in a special way.
    this.ids = this.ids.slice(this.prefixLength);
    this.prefix = this.decode(this.ids);
    this.prefixLength = this.ids.length;
    return added;
  }

  /** @returns What is still held back, complete or not. */
  end(): string {
    const added = this.decode(this.ids).slice(this.prefix.length);
    this.ids = [];
    this.prefix = '';
    this.prefixLength = 0;
    return added;
  }
}
