import { Environment, parse, tokenize } from '@huggingface/jinja';
import { ChatInterpreter } from '../../../../kernel/tokenizer/chat-interpreter';
import type { Program } from '../../../../kernel/tokenizer/chat-interpreter';

function run(template: string, variables: Record<string, unknown> = {}): string {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ none: null, true: true, false: false, ...variables })) {
    environment.set(name, value);
  }
  const program = parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true })) as Program;
  return String(new ChatInterpreter(environment).run(program).value);
}

// What jinja2.Environment().from_string(…).render(…) gives, except where it says otherwise.
describe('ChatInterpreter', () => {
  it('keeps the text written before break and continue', () => {
    expect(run('{% for i in [1, 2, 3] %}a{{ i }}{% if i == 2 %}{% break %}{% endif %}b{% endfor %}')).toBe('a1ba2');
    expect(run('{% for i in [1, 2] %}a{{ i }}{% continue %}b{% endfor %}')).toBe('a1a2');
  });

  it('gives every round its own scope', () => {
    expect(run('{% for i in [1, 2] %}{{ x }}{% set x = i %}{% endfor %}')).toBe('');
    expect(run('{% set x = 0 %}{% for i in [1, 2] %}{% set x = i %}{% endfor %}{{ x }}')).toBe('0');
  });

  it('goes through text, dictionaries and nothing', () => {
    expect(
      run(
        "{% for c in 'a😀' %}[{{ c }}]{% endfor %}{% for k in {'x': 1} %}{{ k }}{% endfor %}{% for u in nothing %}{% else %}none{% endfor %}"
      )
    ).toBe('[a][😀]xnone');
    expect(run("{% for k, v in {'x': 1}.items() %}{{ k }}{{ v }}{% endfor %}")).toBe('x1');
    expect(() => run('{% for i in 5 %}{% endfor %}')).toThrow(/not iterable/);
    expect(() => run('{% for a, b in [[1]] %}{% endfor %}')).toThrow(/cannot unpack/);
  });

  it('knows the loop', () => {
    expect(
      run(
        '{% for i in [7, 8] %}{{ loop.index }}{{ loop.last }}{{ loop.previtem is defined }}{{ loop.nextitem }} {% endfor %}'
      )
    ).toBe('1FalseFalse8 2TrueTrue ');
  });

  it('joins text with text only', () => {
    expect(() => run("{{ 'a' + 1 }}")).toThrow(/can only join text with text/);
    expect(() => run("{{ 'a' + nothing }}")).toThrow();
    expect(run("{{ 'a' ~ 1 ~ none ~ [true] }}")).toBe('a1None[True]');
  });

  it('refuses to look into what is undefined', () => {
    expect(() => run('{{ nothing.at_all }}')).toThrow(/undefined value has no at_all/);
    expect(run('{{ nothing }}{{ nothing is defined }}{{ nothing|length }}')).toBe('False0');
  });

  it('compares lists and dictionaries by what they hold', () => {
    expect(run("{{ [1, {'a': 2}] == [1, {'a': 2}] }}{{ {'a': 1} == {'a': 2} }}{{ [1] != [1] }}")).toBe(
      'TrueFalseFalse'
    );
  });
});
