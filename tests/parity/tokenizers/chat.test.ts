import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderChat } from '../../../kernel/tokenizer/chat-template';
import type { ChatMessage } from '../../../kernel/tokenizer/chat-template';

interface Fixture {
  features: Record<string, string>;
  special: Record<string, string>;
  tools: unknown[];
  conversations: Record<string, ChatMessage[]>;
  texts: string[];
  /** template, conversation, add_generation_prompt or the field to continue, whether with tools, text (index) or error */
  cases: [string, string, boolean | string, boolean, number | string][];
}

const fixture = JSON.parse(readFileSync(join(__dirname, 'fixtures/chat.json'), 'utf8')) as Fixture;
const names = [...new Set(fixture.cases.map(([name]) => name))];

function template(name: string): string {
  const path = join(__dirname, 'templates', `${name}.jinja`);
  return existsSync(path) ? readFileSync(path, 'utf8') : fixture.features[name]!;
}

describe('chat templates', () => {
  it('include the well-known ones, with tools and with CRLF', () => {
    expect(names).toEqual(
      expect.arrayContaining([
        'qwen2.5',
        'llama-3',
        'llama-3.1',
        'mistral',
        'gemma',
        'phi-3',
        'zephyr',
        'smollm2',
        'chatml',
        'zephyr-crlf'
      ])
    );
  });

  it.each(names)('%s renders every conversation as Python does', name => {
    const source = template(name);
    // In a list of cases, false and true stand for add_generation_prompt; the three after them continue the message.
    const perConversation = new Map<string, number>();
    const faults: unknown[] = [];
    for (const [which, conversation, flag, tools, result] of fixture.cases) {
      if (which !== name) {
        continue;
      }
      const index = perConversation.get(conversation) ?? 0;
      perConversation.set(conversation, index + 1);
      const continues = index >= 4 ? flag : false;
      let got: unknown;
      try {
        got = renderChat(source, fixture.conversations[conversation]!, {
          tools: tools ? fixture.tools : undefined,
          add_generation_prompt: index < 4 ? flag === true : false,
          continue_final_message: continues,
          variables: fixture.special
        });
      } catch (error) {
        got = { error: (error as Error).message };
      }
      const wanted = typeof result === 'number' ? fixture.texts[result] : { error: result };
      const equal = typeof result === 'number' ? got === wanted : typeof got !== 'string';
      if (!equal) {
        faults.push({ conversation, flag, tools, got, wanted });
      }
    }
    expect(faults).toEqual([]);
  });
});
