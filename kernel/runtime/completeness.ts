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
    try {
      parse(script, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true });
    } catch (error) {
      const { pos, message } = error as { pos: number; message: string };
      if (/character '@'/.test(message)) {
        return decorated(code);
      }
      return script.slice(pos).trim() === '' && /Unexpected token/.test(message) ? incomplete(code) : invalid(code);
    }
    return { status: 'complete' };
  } catch (error) {
    if (error instanceof NeedsFullCompiler) {
      return decorated(code);
    }
    if (error instanceof CellSyntaxError) {
      const isAtEnd = rest(code, error.line, error.column).trim() === '';
      return isAtEnd || /Unterminated (template|comment)/.test(error.reason) ? incomplete(code) : invalid(code);
    }
    return { status: 'unknown' };
  }
}

/** A parser that backtracks (arrow functions) complains early: with a bracket open there may be more to come. */
function invalid(code: string): Completeness {
  return openBrackets(code) > 0 ? incomplete(code) : { status: 'invalid' };
}

/** Cells that only the complete compiler reads: brackets must do. */
function decorated(code: string): Completeness {
  return openBrackets(code) > 0 || !/[;})]\s*$/.test(code) ? incomplete(code) : { status: 'complete' };
}

function rest(code: string, line: number, column: number): string {
  const lines = code.split('\n').slice(line - 1);
  return [lines[0]?.slice(column) ?? '', ...lines.slice(1)].join('\n');
}

/** Brackets that are opened and not closed, outside strings and comments. */
function openBrackets(code: string): number {
  const bare = code.replace(/\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|`(?:\\.|[^`\\])*`/g, '');
  return (bare.match(/[([{]/g) ?? []).length - (bare.match(/[)\]}]/g) ?? []).length;
}

function incomplete(code: string): Completeness {
  const last = code.trimEnd().split('\n').at(-1) ?? '';
  const indent = /^[ \t]*/.exec(last)![0];
  return { status: 'incomplete', indent: /[([{]$/.test(last) ? `${indent}  ` : indent };
}
