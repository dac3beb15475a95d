/** Whether a cell typed so far can run: what a console asks at Enter. */
import { parse } from 'acorn';
import { CellSyntaxError } from './errors';
import { NeedsFullCompiler, transpile } from './transpile';

export type Completeness = { status: 'complete' | 'invalid' | 'unknown' } | { status: 'incomplete'; indent: string };

/** Answers `is_complete_request`. */
export function completeness(code: string): Completeness {
  if (/^\s*%%/.test(code)) {
    return /\n[ \t]*\n?$/.test(code) ? { status: 'complete' } : { status: 'incomplete', indent: '' };
  }
  if (/^\s*(\?{1,2}\s*[\w$.]+|[\w$.]+\?{1,2}|%\w.*)\s*$/.test(code)) {
    return { status: 'complete' };
  }
  try {
    const { code: script } = transpile(code);
    parse(script, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true });
    return { status: 'complete' };
  } catch (error) {
    if (error instanceof NeedsFullCompiler) {
      return endsOpen(code) ? incomplete(code) : { status: 'complete' };
    }
    if (error instanceof CellSyntaxError) {
      const atEnd = rest(code, error.line, error.column).trim() === '';
      return atEnd || /Unterminated (template|comment)/.test(error.reason) ? incomplete(code) : { status: 'invalid' };
    }
    const { pos, message } = error as { pos?: number; message: string };
    const isDecorator = pos !== undefined && /character '@'/.test(message);
    return isDecorator && !endsOpen(code)
      ? { status: 'complete' }
      : isDecorator
        ? incomplete(code)
        : { status: 'invalid' };
  }
}

function rest(code: string, line: number, column: number): string {
  const lines = code.split('\n').slice(line - 1);
  return [lines[0]?.slice(column) ?? '', ...lines.slice(1)].join('\n');
}

/** Whether brackets are left open: enough for the few cells that the parser at hand cannot read. */
function endsOpen(code: string): boolean {
  const bare = code.replace(/\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g, '');
  return (bare.match(/[([{]/g) ?? []).length > (bare.match(/[)\]}]/g) ?? []).length || !/[;}]\s*$/.test(bare);
}

function incomplete(code: string): Completeness {
  const last = code.trimEnd().split('\n').at(-1) ?? '';
  const indent = /^[ \t]*/.exec(last)![0];
  return { status: 'incomplete', indent: /[([{]$/.test(last) ? `${indent}  ` : indent };
}
