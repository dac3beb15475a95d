import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { IntelligenceClient } from '../../../../kernel/intelligence/client';
import { IntelligenceService } from '../../../../kernel/intelligence/service';
import { serve, type FromIntelligence, type ToIntelligence } from '../../../../kernel/intelligence/thread';

/** A library of one class beside TypeScript's own. */
const files: Record<string, string> = {
  '/loupe/index.d.ts': `
    export declare class Model {
      /** Loads a model.
       * @param name Folder or repository. */
      static from_pretrained(name: string, options?: { dtype?: 'float32' | 'q4'; device?: string }): Promise<Model>;
      config: { [key: string]: any };
      /** Writes text. */
      generate(options: { max_new_tokens?: number; do_sample?: boolean }): Promise<number[]>;
    }`,
  '/globals.d.ts':
    "declare const Model: typeof import('/loupe/index').Model; type Model = import('/loupe/index').Model;",
  '/cell-module.d.ts': "export * from '/loupe/index';"
};
const folder = dirname(ts.getDefaultLibFilePath({}));
for (const name of readdirSync(folder).filter(n => /^lib\.(es|decorators|webworker)/.test(n))) {
  files[`/${name}`] = readFileSync(join(folder, name), 'utf8');
}

describe('IntelligenceService', () => {
  let service: IntelligenceService;
  beforeAll(() => {
    service = new IntelligenceService(ts, files);
    service.commit("const model = await Model.from_pretrained('x');\nlet count = 1;\ninterface P { a: number }");
  });
  const names = (code: string): string[] => service.complete(code, code.length).map(c => c.name);

  it('completes members, options and literals from types', () => {
    expect(names('model.').slice(0, 2)).toEqual(['config', 'generate']);
    expect(names('model.generate({ ')).toEqual(['do_sample', 'max_new_tokens']);
    expect(names("Model.from_pretrained('x', { dtype: '")).toEqual(['float32', 'q4']);
    expect(names("import { Mo } from 'loupe'; Mode")).toContain('Model');
  });

  it('takes each name from the cell that declared it last', () => {
    const service = new IntelligenceService(ts, files);
    const names = (code: string): string[] => service.complete(code, code.length).map(c => c.name);
    service.commit('let count = 1; interface P { a: number }');
    service.commit("let count = 'text'");
    expect(names('count.')).toContain('toUpperCase');
    expect(names('count.')).not.toContain('toFixed');
    service.commit('function count() { return new Map<string, P>() }');
    expect(names('count().get("").')).toEqual(['a']);
  });

  it('helps with what stands at the cursor, and with the function being called', () => {
    expect(service.help('model.generate', 8)).toEqual({
      signature: expect.stringContaining('Model.generate(options:'),
      doc: 'Writes text.'
    });
    const code = 'Model.from_pretrained(';
    expect(service.help(code, code.length)).toEqual({
      signature: expect.stringContaining('from_pretrained(name: string, options?'),
      doc: expect.stringContaining('Loads a model.')
    });
  });

  it.each([
    ["const p: P = { a: 'x' }", 1, 15, "Type 'string' is not assignable to type 'number'."],
    ['1\nmodel.nothing', 2, 6, "Property 'nothing' does not exist on type 'Model'."],
    ["model.generate({ max_new_tokens: 'many' })", 1, 17, "Type 'string' is not assignable to type 'number'."],
    ['count.toFixed(1, 2)', 1, 17, 'Expected 0-1 arguments, but got 2.']
  ])('finds the fault in %s', (code, line, column, message) => {
    expect(service.check(code)).toEqual([{ line, column, message }]);
  });

  it.each([
    'count = 5; count++',
    'const count = "again"',
    "import _ from 'lodash'; _.chunk([1])",
    'unknownGlobal.x',
    'await model.generate({})',
    'model.config.anything.at.all',
    'export const e = 1; export class F {}',
    'const x = <b>hi</b>',
    'let s; s = 1; s = "a"',
    '@((v: any) => v) class A {}'
  ])('finds none in %s', code => {
    expect(service.check(code).filter(f => !/JSX/.test(f.message))).toEqual([]);
  });

  it('knows names declared at run time', () => {
    service.declare(['declare const Qwen2: typeof Model; type Qwen2 = Model;']);
    expect(names('Qwen2.from_')).toContain('from_pretrained');
    expect(service.check('class Mine extends Qwen2 { m() { return this.config } }')).toEqual([]);
  });
});

describe('IntelligenceClient', () => {
  /** A thread that is no thread. */
  function start() {
    const toThread: ((message: ToIntelligence) => void)[] = [];
    const toClient: ((message: FromIntelligence) => void)[] = [];
    let started = 0;
    const client = new IntelligenceClient(() => {
      started++;
      serve({ post: message => toClient.forEach(f => f(message)), listen: f => void toThread.push(f) }, () =>
        Promise.resolve({ ts, files })
      );
      return { post: message => toThread.forEach(f => f(message)), listen: f => void toClient.push(f) };
    });
    return { client, started: () => started };
  }

  it('starts the thread at the first question, and tells it what came before', async () => {
    const { client, started } = start();
    client.commit('const early = { field: 1 }');
    expect(started()).toBe(0);
    expect((await client.complete('early.', 6, 60_000))!.map(c => c.name)).toEqual(['field']);
    expect(await client.check('const a: string = 5 as number; early.field.x')).toHaveLength(2);
    expect(started()).toBe(1);
  });

  it('answers with nothing where there can be no thread, or it fails, or is late', async () => {
    const none = new IntelligenceClient(() => {
      throw new Error('no workers here');
    });
    expect(await none.complete('a', 1)).toBe(undefined);
    let fail = (): void => undefined;
    const failing = new IntelligenceClient(() => ({
      post: () => undefined,
      listen: () => undefined,
      onFailure: call => (fail = call)
    }));
    const asked = failing.help('a', 1, 60_000);
    fail();
    expect(await asked).toBe(undefined);
    const silent = new IntelligenceClient(() => ({ post: () => undefined, listen: () => undefined }));
    expect(await silent.complete('a', 1, 10)).toBe(undefined);
  });
});
