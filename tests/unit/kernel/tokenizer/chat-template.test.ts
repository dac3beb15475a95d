import { renderChat } from '../../../../kernel/tokenizer/chat-template';
import type { ChatMessage, RenderOptions } from '../../../../kernel/tokenizer/chat-template';

const user: ChatMessage[] = [{ role: 'user', content: 'hi' }];
const render = (template: string, messages = user, options: Partial<RenderOptions> = {}): string =>
  renderChat(template, messages, {
    add_generation_prompt: false,
    continue_final_message: false,
    variables: {},
    ...options
  });

describe('renderChat()', () => {
  it('reads CRLF in a template as Jinja2 does', () => {
    expect(render('a\r\n{{ messages[0].content }}\rb')).toBe('a\nhi\nb');
  });

  it('passes on what a template refuses a conversation with', () => {
    expect(() => render("{{ raise_exception('no system role') }}")).toThrow(
      'Cannot apply the chat template as it refuses the conversation: no system role'
    );
  });

  it('says that a template is no Jinja', () => {
    expect(() => render('{% if %}')).toThrow(SyntaxError);
    expect(() => render('{% for x in y %}')).toThrow(/must be valid Jinja/);
  });

  it('drops what is null and copies, so that a template cannot change the messages', () => {
    const messages = [{ role: 'user', content: null, extra: { list: [1] } }] as ChatMessage[];
    expect(render("{{ 'content' in messages[0] }}{{ messages[0].extra.list[0] }}", messages)).toBe('False1');
    expect(messages[0]!.extra).toEqual({ list: [1] });
  });

  it('shows objects that are no data as their names', () => {
    expect(render('{{ messages[0].content }}', [{ role: 'user', content: new Uint8Array(3) }])).toBe('<Uint8Array>');
    expect(render('{{ messages[0].content }}', [{ role: 'user', content: () => 1 }])).toBe('<function>');
  });

  it('refuses messages that are none', () => {
    expect(() => render('x', ['hi'] as unknown as ChatMessage[])).toThrow(TypeError);
    const loop: Record<string, unknown> = { role: 'user' };
    loop.self = loop;
    expect(() => render('x', [loop as ChatMessage])).toThrow(/nest deeper than 200/);
  });

  it.each([
    ['an endless-looking loop', '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}'],
    [
      'a loop over a long text',
      "{% set t = 'x' * 1 %}{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(30) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}"
    ],
    [
      'a list that doubles',
      '{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}'
    ],
    ['a range without end', '{{ range(10 ** 12) | length }}'],
    ['an indent without end', "{{ 'a\\nb' | indent(10 ** 9) }}"],
    ['a JSON indent without end', '{{ [1] | tojson(indent=10 ** 9) }}'],
    ['a macro that calls itself', '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}']
  ])('stops %s', (_what, template) => {
    const started = performance.now();
    expect(() => render(template)).toThrow(/^Cannot apply the chat template/);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('lets no template reach outside its data', () => {
    for (const expression of [
      "messages.constructor.constructor('return 1')()",
      "''.constructor",
      "messages[0]['__proto__']",
      '({}).__proto__',
      "raise_exception.constructor('return process')()",
      'process',
      'globalThis'
    ]) {
      let result: string;
      try {
        result = render(`{{ ${expression} }}`);
      } catch (error) {
        result = (error as Error).message.startsWith('Cannot apply the chat template') ? '' : String(error);
      }
      expect(result).toBe('');
    }
    render("{% set ns = namespace(**{'__proto__': 1}) %}{% set ns.polluted = 1 %}");
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('leaves the last message open', () => {
    const template = '{% for m in messages %}<{{ m.role }}>{{ m.content | trim }}</s>{% endfor %}';
    const chat = [...user, { role: 'assistant', content: 'Well, ' }];
    expect(render(template, chat, { continue_final_message: true })).toBe('<user>hi</s><assistant>Well,');
    expect(() => render('{{ messages[0].content }}', chat, { continue_final_message: true })).toThrow(
      /drops part of it/
    );
    expect(() => render(template, chat, { continue_final_message: 'reasoning_content' })).toThrow(RangeError);
  });

  it('writes the date in the C locale', () => {
    expect(render("{{ strftime_now('%Y') }}")).toBe(String(new Date().getFullYear()));
  });
});
