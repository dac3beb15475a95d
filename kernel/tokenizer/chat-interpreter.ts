/**
 * @huggingface/jinja's interpreter with two things added: bounds, so that no template runs for ever or fills the
 * memory, and Python's rules where the library's differ (how values are written, what undefined ones do, `strip` with
 * characters, text before `break`).
 */
import { Environment, Interpreter } from '@huggingface/jinja';
import { pythonStrip, pythonStripEnd, pythonStripStart } from './text/characters';
import { pythonText } from './text/python-text';

/** A parsed template. */
export type Program = Parameters<Interpreter['run']>[0];
/** A value of a template. */
export type Value = ReturnType<Interpreter['evaluate']>;
type Statement = NonNullable<Parameters<Interpreter['evaluate']>[0]>;
/** A node of the syntax tree, with whatever fields its type has. */
type Node = Statement & { readonly [field: string]: unknown };

/** Expressions and statements evaluated, and items looped over. Known templates need below 1000 per message. */
export const MAX_STEPS = 2_000_000;
/** What a round of a loop counts, besides what it does: it makes a scope and a dozen values. */
const STEPS_PER_ROUND = 20;
/** Characters (or items) in one value. */
const MAX_LENGTH = 32_000_000;
/** Characters in all values made along the way. */
const MAX_WORK = 1_000_000_000;
/** Width of an indentation. */
const MAX_INDENT = 1000;

/** A bound was passed. */
export class TemplateBound extends RangeError {}

/** What `break` and `continue` do; carries the text written before. */
class LoopSignal extends Error {
  text = '';
  constructor(readonly kind: 'Break' | 'Continue') {
    super(`${kind} outside a loop`);
  }
}

/** The library's methods that are replaced; it declares them private. */
interface InterpreterInternals {
  readonly global: Environment;
  run(program: Program): Value;
  evaluate(statement: Statement | undefined, environment: Environment): Value;
  evaluateBlock(statements: readonly Statement[], environment: Environment): Value;
  evaluateFor(node: Node, environment: Environment): Value;
}
const Base = Interpreter as unknown as new (environment: Environment) => InterpreterInternals;

/** Statements; anything else in a block is an expression whose value is written. */
const STATEMENTS = new Set([
  'Set',
  'If',
  'For',
  'Macro',
  'CallStatement',
  'FilterStatement',
  'Break',
  'Continue',
  'Comment',
  'Program'
]);
const STRIPS = new Map([
  ['strip', pythonStrip],
  ['lstrip', pythonStripStart],
  ['rstrip', pythonStripEnd]
]);

const ORDERINGS = new Map<string, (order: number) => boolean>([
  ['<', order => order < 0],
  ['<=', order => order <= 0],
  ['>', order => order > 0],
  ['>=', order => order >= 0]
]);

export class ChatInterpreter extends Base {
  private steps = 0;
  private work = 0;
  private readonly constants = new WeakMap<object, Value>();

  override evaluate(statement: Statement | undefined, environment: Environment): Value {
    this.count(1, 0);
    const constant = statement && this.constants.get(statement);
    const value = constant ?? this.evaluateNode(statement as Node | undefined, environment);
    const held: unknown = value.value;
    const size = typeof held === 'string' || Array.isArray(held) ? held.length : 0;
    if (size > MAX_LENGTH) {
      throw new TemplateBound(
        `Cannot apply the chat template as no value may be longer than ${MAX_LENGTH}: one has ${size}`
      );
    }
    this.count(Array.isArray(held) ? size : 0, size);
    return value;
  }

  private evaluateNode(node: Node | undefined, environment: Environment): Value {
    switch (node?.type) {
      case 'BinaryExpression':
        return this.binary(node, environment);
      case 'FilterExpression':
        return this.filter(node, environment);
      case 'CallExpression':
        return this.call(node, environment);
      case 'MemberExpression':
        return this.member(node, environment);
      case 'TestExpression':
        return this.test(node, environment);
      case 'Break':
      case 'Continue':
        throw new LoopSignal(node.type);
      default:
        return super.evaluate(node, environment);
    }
  }

  /** A block's text: that of its statements, and of its expressions as Python writes them. */
  override evaluateBlock(statements: readonly Statement[], environment: Environment): Value {
    let text = '';
    for (const statement of statements) {
      let value: Value;
      try {
        value = this.evaluate(statement, environment);
      } catch (error) {
        if (error instanceof LoopSignal) {
          error.text = text + error.text;
        }
        throw error;
      }
      const isStatement = STATEMENTS.has(statement.type);
      text += isStatement ? (value.type === 'StringValue' ? String(value.value) : '') : pythonText(value);
      if (text.length > MAX_LENGTH) {
        throw new TemplateBound(
          `Cannot apply the chat template as its text must be at most ${MAX_LENGTH} characters long`
        );
      }
    }
    return this.text(text);
  }

  override evaluateFor(node: Node, environment: Environment): Value {
    const select = node.iterable as Node;
    const filtered = select.type === 'SelectExpression';
    const list = this.items(this.evaluate((filtered ? select.lhs : select) as Statement, environment));
    const inScope = (item: Value): Environment => {
      const scope = new Environment(environment);
      this.bind(node.loopvar as Node, item, scope);
      return scope;
    };
    const items = filtered
      ? list.filter(item => this.evaluate(select.test as Statement, inScope(item)).__bool__().value)
      : list;
    let text = '';
    // In Jinja the else block also runs when every round ended in `continue` or `break`.
    let completed = false;
    for (const [i, item] of items.entries()) {
      this.count(STEPS_PER_ROUND, 0);
      const scope = inScope(item);
      scope.setVariable('loop', this.loop(items, i));
      try {
        text += String(this.evaluateBlock(node.body as Statement[], scope).value);
        completed = true;
      } catch (error) {
        if (!(error instanceof LoopSignal)) {
          throw error;
        }
        text += error.text;
        if (error.kind === 'Break') {
          break;
        }
      }
    }
    return this.text(
      completed ? text : text + String(this.evaluateBlock(node.defaultBlock as Statement[], environment).value)
    );
  }

  /** What a `for` goes through: items, keys, characters; nothing for an undefined value. */
  private items(value: Value): readonly Value[] {
    switch (value.type) {
      case 'ArrayValue':
      case 'TupleValue':
        return value.value as unknown as Value[];
      case 'ObjectValue':
        return [...(value.value as unknown as Map<string, Value>).keys()].map(key => this.text(key));
      case 'StringValue':
        this.count(String(value.value).length, 0);
        return [...String(value.value)].map(char => this.text(char));
      case 'UndefinedValue':
        return [];
      default:
        throw new Error(`${value.type} is not iterable`);
    }
  }

  private bind(target: Node, item: Value, scope: Environment): void {
    if (target.type === 'Identifier') {
      scope.setVariable(target.value as string, item);
      return;
    }
    const names = target.value as Node[];
    const parts = this.items(item);
    if (parts.length !== names.length) {
      throw new Error(`cannot unpack ${parts.length} values to ${names.length} names`);
    }
    names.forEach((name, i) => this.bind(name, parts[i]!, scope));
  }

  private loop(items: readonly Value[], index: number): Value {
    const scope = new Environment();
    const loop = scope.set('loop', {
      index: index + 1,
      index0: index,
      revindex: items.length - index,
      revindex0: items.length - index - 1,
      first: index === 0,
      last: index === items.length - 1,
      length: items.length,
      previtem: undefined,
      nextitem: undefined
    });
    const fields = loop.value as unknown as Map<string, Value>;
    for (const [name, item] of [
      ['previtem', items[index - 1]],
      ['nextitem', items[index + 1]]
    ] as const) {
      if (item) {
        fields.set(name, item);
      }
    }
    return loop;
  }

  private binary(node: Node, environment: Environment): Value {
    const operator = (node.operator as { value: string }).value;
    if (operator === 'and' || operator === 'or') {
      return super.evaluate(node, environment);
    }
    const left = this.evaluate(node.left as Statement, environment);
    const right = this.evaluate(node.right as Statement, environment);
    if (operator === '~') {
      return this.text(pythonText(left) + pythonText(right));
    }
    if (operator === '+' && (left.type === 'StringValue') !== (right.type === 'StringValue')) {
      throw new Error(`can only join text with text: got ${left.type} + ${right.type}`);
    }
    if (left.type === 'StringValue' && right.type === 'StringValue' && ORDERINGS.has(operator)) {
      return this.constant(ORDERINGS.get(operator)!(compareText(String(left.value), String(right.value))));
    }
    if ((operator === '==' || operator === '!=') && isContainer(left) && isContainer(right)) {
      return this.constant(sameValue(left, right) === (operator === '=='));
    }
    return super.evaluate({ ...node, left: this.hold(left), right: this.hold(right) } as Node, environment);
  }

  private filter(node: Node, environment: Environment): Value {
    const operand = this.evaluate(node.operand as Statement, environment);
    const filter = node.filter as Node;
    const called = filter.type === 'CallExpression';
    const name = ((called ? filter.callee : filter) as { value: string }).value;
    const undefinedOperand = operand.type === 'UndefinedValue';
    if (called && (name === 'indent' || name === 'tojson')) {
      this.checkWidths(filter.args as Node[], environment);
    }
    switch (name) {
      case 'trim':
        if (!called) {
          return this.text(pythonStrip(pythonText(operand)));
        }
        break;
      case 'string':
        return this.text(pythonText(operand));
      case 'capitalize': {
        const text = pythonText(operand);
        return this.text(text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase());
      }
      case 'length':
      case 'count':
        if (operand.type === 'StringValue' || undefinedOperand) {
          return this.constant([...pythonText(operand)].length);
        }
        break;
      case 'tojson':
        if (undefinedOperand) {
          throw new Error('Undefined is not JSON serializable');
        }
        break;
      case 'list':
        if (operand.type !== 'ArrayValue') {
          return this.array(this.items(operand));
        }
        break;
      case 'join':
        if (undefinedOperand) {
          return this.text('');
        }
        break;
      case 'upper':
      case 'lower':
      case 'title':
      case 'replace':
        if (operand.type !== 'StringValue') {
          return super.evaluate({ ...node, operand: this.hold(this.text(pythonText(operand))) } as Node, environment);
        }
    }
    return super.evaluate({ ...node, operand: this.hold(operand) } as Node, environment);
  }

  private call(node: Node, environment: Environment): Value {
    const callee = node.callee as Node;
    if (callee.type !== 'MemberExpression' || callee.computed === true) {
      return super.evaluate(node, environment);
    }
    const object = this.evaluate(callee.object as Statement, environment);
    const method = (callee.property as { value: string }).value;
    const args = node.args as Node[];
    if (object.type === 'StringValue') {
      const strip = STRIPS.get(method);
      if (strip) {
        const chars = args.length ? this.evaluate(args[0], environment) : undefined;
        if (args.length > 1 || (chars && chars.type !== 'StringValue' && chars.type !== 'NullValue')) {
          throw new Error(`${method}() takes text at most`);
        }
        return this.text(strip(String(object.value), chars?.type === 'StringValue' ? String(chars.value) : undefined));
      }
      if (method === 'capitalize') {
        const text = String(object.value);
        return this.text(text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase());
      }
    }
    return super.evaluate({ ...node, callee: { ...callee, object: this.hold(object) } } as Node, environment);
  }

  private member(node: Node, environment: Environment): Value {
    const object = this.evaluate(node.object as Statement, environment);
    if (object.type === 'UndefinedValue') {
      const name = (node.property as { value?: unknown }).value;
      throw new Error(`an undefined value has no ${typeof name === 'string' ? name : 'item'}`);
    }
    return super.evaluate({ ...node, object: this.hold(object) } as Node, environment);
  }

  private test(node: Node, environment: Environment): Value {
    const operand = this.evaluate(node.operand as Statement, environment);
    if ((node.test as { value: string }).value === 'iterable') {
      const iterable = ['ArrayValue', 'TupleValue', 'ObjectValue', 'StringValue', 'UndefinedValue'].includes(
        operand.type
      );
      return this.constant(iterable !== (node.negate === true));
    }
    return super.evaluate({ ...node, operand: this.hold(operand) } as Node, environment);
  }

  /** `indent(10**9)` and `tojson(indent=10**9)` would build the spaces before their result can be looked at. */
  private checkWidths(args: readonly Node[], environment: Environment): void {
    for (const argument of args) {
      const node = argument.type === 'KeywordArgumentExpression' ? (argument.value as Node) : argument;
      if (node.type === 'SpreadExpression' || node.type === 'KeywordSpreadExpression') {
        throw new Error('a filter takes no spread arguments');
      }
      const width: unknown = this.evaluate(node, environment).value;
      if (typeof width === 'number' && width > MAX_INDENT) {
        throw new TemplateBound(
          `Cannot apply the chat template as indents must be at most ${MAX_INDENT}: one is ${width}`
        );
      }
    }
  }

  private count(steps: number, work: number): void {
    this.steps += steps;
    this.work += work;
    if (this.steps > MAX_STEPS || this.work > MAX_WORK) {
      throw new TemplateBound(`Cannot apply the chat template as it must end within ${MAX_STEPS} steps: it does not`);
    }
  }

  /** A node that evaluates to a value already known. */
  private hold(value: Value): Statement {
    const node = { type: 'Constant' } as Statement;
    this.constants.set(node, value);
    return node;
  }

  private text(text: string): Value {
    return super.evaluate({ type: 'StringLiteral', value: text } as unknown as Statement, this.global);
  }

  private constant(value: boolean | number): Value {
    return new Environment().set('value', value);
  }

  private array(items: readonly Value[]): Value {
    return super.evaluate(
      { type: 'ArrayLiteral', value: items.map(item => this.hold(item)) } as unknown as Statement,
      this.global
    );
  }
}

/** Order of two texts by code points. */
function compareText(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] !== right[i]) {
      return left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    }
  }
  return left.length - right.length;
}

function isContainer(value: Value): boolean {
  return value.type === 'ArrayValue' || value.type === 'ObjectValue' || value.type === 'TupleValue';
}

/** Equality of lists and dictionaries by what they hold, as in Python. */
function sameValue(a: Value, b: Value, depth = 0): boolean {
  if (depth > 200 || !isContainer(a) || !isContainer(b)) {
    return (a.value as unknown) === (b.value as unknown);
  }
  const [left, right] = [a.value as unknown, b.value as unknown];
  if (left instanceof Map && right instanceof Map) {
    return (
      left.size === right.size &&
      [...(left as Map<string, Value>)].every(([key, item]) => {
        const other = (right as Map<string, Value>).get(key);
        return other !== undefined && sameValue(item, other, depth + 1);
      })
    );
  }
  return (
    Array.isArray(left) &&
    Array.isArray(right) &&
    left.length === right.length &&
    left.every((item: Value, i) => sameValue(item, right[i] as Value, depth + 1))
  );
}
