/** Joins library and runtime: what the browser's worker and the server kernel have in common. */
import type { FromKernel } from './protocol/messages';
import { interrupt_signal } from './runtime/interrupt';
import type { Intelligence } from './runtime/intelligence';
import type { KernelSession } from './runtime/session';
import type { FullCompiler } from './runtime/transpile';

/**
 * Loads the library and tells it where its output goes: to the cell whose code runs.
 *
 * @returns What cells can call, concrete classes (`Qwen2ForCausalLM`) included.
 */
export async function loadLibrary(
  session: KernelSession,
  intelligence?: Intelligence
): Promise<Record<string, unknown>> {
  const [library, { setDefaultSignal }, { setPrint }] = await Promise.all([
    import('./index'),
    import('./generation/turn'),
    import('./generation/streamers')
  ]);
  const { concreteClasses, getHost: _host, setHost: _set, setNotices, setProgress, ...exports } = library;
  setDefaultSignal(interrupt_signal);
  setPrint(text => session.builtins.write('stdout', text));
  setNotices(line => session.builtins.write('stdout', `${line}\n`));
  setProgress(session.builtins.loadProgress);
  const classes = concreteClasses();
  intelligence?.declare(declarations(classes, library.PreTrainedModel));
  return { ...classes, ...exports };
}

/** Types of the classes that exist at run time only, made from the families' descriptions. */
function declarations(classes: { [name: string]: unknown }, Model: unknown): string[] {
  return Object.entries(classes).flatMap(([name, value]) => {
    const isModel = typeof Model === 'function' && (value as { prototype?: unknown })?.prototype instanceof Model;
    const type = isModel ? 'PreTrainedModel' : 'PretrainedConfig';
    return [`declare const ${name}: typeof ${type};`, `type ${name} = ${type};`];
  });
}

/** Tells the front end what models hold, when that has changed. */
export function statusReporter(send: (message: FromKernel) => void): () => Promise<void> {
  let last = '';
  return async () => {
    const { memory } = await import('./index');
    const { models } = await memory();
    const status = {
      ...(models.length > 0 ? { device: models.at(-1)!.device } : {}),
      models: models.map(({ name, device, bytes }) => ({
        name,
        bytes_ram: device === 'webgpu' ? 0 : bytes,
        bytes_gpu: device === 'webgpu' ? bytes : 0
      }))
    };
    const text = JSON.stringify(status);
    if (text !== last) {
      last = text;
      send({ type: 'status', status });
    }
  };
}

/** The whole TypeScript compiler, loaded for the first cell with a decorator or a namespace. */
export const typescriptCompiler: FullCompiler = async source => {
  const { default: ts } = await import('typescript');
  const { outputText, sourceMapText } = ts.transpileModule(source, {
    fileName: 'cell.tsx',
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      jsx: ts.JsxEmit.React,
      jsxFactory: 'h',
      jsxFragmentFactory: 'Fragment',
      sourceMap: true,
      // An import may be used by later cells only.
      verbatimModuleSyntax: true
    }
  });
  const { mappings } = JSON.parse(sourceMapText!) as { mappings: string };
  return { code: outputText.replace(/\n\/\/# sourceMappingURL=.*\s*$/, ''), mappings };
};
