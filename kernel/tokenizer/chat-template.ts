/**
 * Chat templates: Jinja programs that come with a model and are not to be trusted. They run in an interpreter that
 * counts what they do, so that none loops for ever or fills the memory; they see plain data only.
 *
 * @see transformers/utils/chat_template_utils.py
 */
import { Environment, parse, tokenize } from '@huggingface/jinja';
import { ChatInterpreter, MAX_STEPS, TemplateBound } from './chat-interpreter';
import type { Program } from './chat-interpreter';
import { brief, isObject } from './json';
import { pythonStrip, pythonStripEnd } from './text/characters';
import { formatNow } from './text/strftime';

/** One message of a conversation; templates read further keys too (`tool_calls`, `name`, …). */
export interface ChatMessage {
  role: string;
  content?: unknown;
  [key: string]: unknown;
}

export interface RenderOptions {
  tools?: readonly unknown[] | undefined;
  documents?: readonly unknown[] | undefined;
  add_generation_prompt: boolean;
  continue_final_message: boolean | string;
  /** Further variables: special tokens and what the caller passes. */
  variables: Readonly<Record<string, unknown>>;
}

const CONTINUE_TAG = 'CONTINUE_FINAL_MESSAGE_TAG ';
const REASONING_FIELDS = ['reasoning_content', 'thinking', 'reasoning'] as const;

/** What a template called `raise_exception` with. */
class TemplateRefusal extends Error {}

/**
 * Renders a conversation.
 *
 * @param template Jinja source.
 * @param messages The conversation. Not modified; keys whose value is null are dropped, as in Python.
 * @throws {SyntaxError} If the template cannot be parsed.
 * @throws {RangeError} If it does too much.
 * @throws {Error} If it refuses the conversation (`raise_exception`) or fails.
 */
export function renderChat(template: string, messages: readonly ChatMessage[], options: RenderOptions): string {
  const program = parseTemplate(template);
  const chat = messages.map((message, i) => prepareMessage(message, i));
  const finalText = options.continue_final_message
    ? tagFinalMessage(template, chat, options.continue_final_message)
    : undefined;
  const environment = new Environment();
  const variables: Record<string, unknown> = {
    ...globals(),
    ...options.variables,
    messages: chat,
    tools: plain(options.tools ?? null),
    documents: plain(options.documents ?? null),
    add_generation_prompt: options.add_generation_prompt
  };
  for (const [name, value] of Object.entries(variables)) {
    environment.variables.delete(name);
    environment.set(name, value);
  }
  const rendered = run(program, environment);
  return finalText === undefined ? rendered : cutAtTag(rendered, finalText);
}

const programs = new Map<string, Program>();

function parseTemplate(source: string): Program {
  let program = programs.get(source);
  if (!program) {
    try {
      // Jinja2 reads every kind of line end as \n; @huggingface/jinja does not.
      const text = source.replace(/\r\n?/g, '\n');
      program = parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true })) as Program;
    } catch (error) {
      throw new SyntaxError(`Cannot apply the chat template as it must be valid Jinja: ${(error as Error).message}`);
    }
    if (programs.size > 50) {
      programs.clear();
    }
    programs.set(source, program);
  }
  return program;
}

function run(program: Program, environment: Environment): string {
  try {
    const result = new ChatInterpreter(environment).run(program);
    return String(result.value);
  } catch (error) {
    if (error instanceof TemplateBound) {
      throw new RangeError(error.message);
    }
    if (error instanceof TemplateRefusal) {
      throw new Error(`Cannot apply the chat template as it refuses the conversation: ${error.message}`);
    }
    if (error instanceof RangeError) {
      // V8: call stack or string length exceeded.
      throw new RangeError(
        `Cannot apply the chat template as it must not recurse or grow without end: ${error.message}`
      );
    }
    throw new Error(
      `Cannot apply the chat template as it failed: ${error instanceof Error ? error.message : brief(error)}`
    );
  }
}

/** The names Python's environment defines, besides `namespace`, which the interpreter brings. */
function globals(): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    raise_exception: (message: unknown) => {
      throw new TemplateRefusal(String(message));
    },
    range: boundedRange,
    strftime_now: (format: unknown) => formatNow(String(format))
  };
}

function boundedRange(first: unknown, second?: unknown, third: unknown = 1): number[] {
  const start = second === undefined ? 0 : Number(first);
  const stop = Number(second === undefined ? first : second);
  const step = Number(third);
  if (![start, stop, step].every(Number.isInteger) || step === 0) {
    throw new Error('range() takes integers and a step that is not 0');
  }
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_STEPS) {
    throw new TemplateBound(
      `Cannot apply the chat template as range() may give ${MAX_STEPS} numbers at most: it asks for ${length}`
    );
  }
  return Array.from({ length }, (_, i) => start + i * step);
}

function prepareMessage(message: unknown, index: number): Record<string, unknown> {
  if (!isObject(message)) {
    throw new TypeError(
      `Cannot apply the chat template as message ${index} must be an object: current value is ${brief(message)}`
    );
  }
  const entries = Object.entries(message).filter(([, value]) => value !== null && value !== undefined);
  const result = plain(Object.fromEntries(entries)) as Record<string, unknown>;
  const reasoning = REASONING_FIELDS.map(field => result[field]).find(value => value !== undefined && value !== null);
  return reasoning === undefined ? result : { thinking: reasoning, ...result, reasoning_content: reasoning };
}

/** A copy made of JSON types only: a template must not meet an object with methods. */
function plain(value: unknown, depth = 0): unknown {
  if (depth > 200) {
    throw new RangeError('Cannot apply the chat template as messages and tools must not nest deeper than 200: they do');
  }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'bigint':
      return Number(value);
    case 'object':
      if (value === null) {
        return null;
      }
      if (Array.isArray(value)) {
        return value.map(item => plain(item, depth + 1));
      }
      if (isPlainObject(value)) {
        return Object.fromEntries(
          Object.entries(value)
            .filter(([, item]) => item !== undefined)
            .map(([key, item]) => [key, plain(item, depth + 1)])
        );
      }
      return `<${(value as object).constructor?.name ?? 'object'}>`;
    case 'undefined':
      return null;
    default:
      return `<${typeof value}>`;
  }
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object from another realm (a test runner, an iframe) has another Object.prototype, whose own prototype is null.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Marks the end of the last message, so that what a template puts after it can be cut off. */
function tagFinalMessage(template: string, chat: Record<string, unknown>[], field: boolean | string): string {
  const name = typeof field === 'string' ? field : 'content';
  const last = chat.at(-1)!;
  const content = last[name];
  if (content === undefined) {
    throw new RangeError(
      `Cannot continue the final message as it must have "${name}": it has ${Object.keys(last).join(', ')}`
    );
  }
  const isReasoning = (REASONING_FIELDS as readonly string[]).includes(name);
  const fields = isReasoning ? REASONING_FIELDS.filter(key => last[key] === content) : [name];
  if (!fields.some(key => template.includes(key))) {
    throw new RangeError(`Cannot continue the final message as the chat template must read "${name}": it does not`);
  }
  if (Array.isArray(content)) {
    const block = [...content].reverse().find((item: unknown) => isObject(item) && typeof item.text === 'string') as
      { text: string } | undefined;
    if (!block) {
      throw new RangeError('Cannot continue the final message as its content must have a text block: it has none');
    }
    const text = block.text;
    block.text += CONTINUE_TAG;
    return text;
  }
  for (const key of fields) {
    last[key] = `${String(last[key])}${CONTINUE_TAG}`;
  }
  return String(content);
}

function cutAtTag(rendered: string, finalText: string): string {
  const at = rendered.lastIndexOf(CONTINUE_TAG.trim());
  if (at < 0 || !rendered.includes(pythonStrip(finalText))) {
    throw new RangeError(
      'Cannot continue the final message as the chat template must render it unchanged: it drops part of it'
    );
  }
  // A template that trims the message leaves the tag without its space; then the message's own end was trimmed too.
  return rendered.startsWith(CONTINUE_TAG, at) ? rendered.slice(0, at) : pythonStripEnd(rendered.slice(0, at));
}
