import { validation } from './errors.ts';
import { isReserved } from './reserved-words.ts';

/** Which of a request's expressions it is, as AWS's messages name it. */
export type ExpressionKind =
  | 'ConditionExpression'
  | 'UpdateExpression'
  | 'KeyConditionExpression'
  | 'FilterExpression'
  | 'ProjectionExpression';

/** A name as it stands in the expression (`#x` for a placeholder) or a place in a list. */
export type Step = string | number;
export type Path = readonly Step[];

const token = /\s*([A-Za-z_][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|[0-9]+|<>|<=|>=|[=<>()[\].,+-])/y;

/** Walks over an expression's tokens and keeps account of the placeholders that it meets. */
export class Cursor {
  readonly names = new Set<string>();
  readonly values = new Set<string>();
  private readonly tokens: readonly string[];
  private readonly kind: ExpressionKind;
  private at = 0;

  constructor(kind: ExpressionKind, text: string) {
    this.kind = kind;
    this.tokens = tokenise(kind, text);
  }

  peek(ahead = 0): string | undefined {
    return this.tokens[this.at + ahead];
  }

  get atEnd(): boolean {
    return this.at === this.tokens.length;
  }

  next(): string {
    const found = this.tokens[this.at];
    if (found === undefined) throw this.wrong('the expression ends too early');
    this.at += 1;
    return found;
  }

  /** Takes the token if it is the next one. */
  take(wanted: string): boolean {
    if (this.peek() !== wanted) return false;
    this.at += 1;
    return true;
  }

  /** Takes a keyword in whatever case. */
  takeWord(keyword: string): boolean {
    if (this.peek()?.toUpperCase() !== keyword) return false;
    this.at += 1;
    return true;
  }

  expect(wanted: string): void {
    const found = this.next();
    if (found !== wanted) throw this.wrong(`token: "${found}", where "${wanted}" belongs`);
  }

  end(): void {
    if (!this.atEnd) throw this.wrong(`token: "${this.peek()}"`);
  }

  isValue(): boolean {
    return this.peek()?.startsWith(':') === true;
  }

  value(): string {
    const found = this.next();
    if (!found.startsWith(':')) throw this.wrong(`token: "${found}", where a value belongs`);
    this.values.add(found);
    return found;
  }

  path(): Path {
    const steps: Step[] = [this.name()];
    for (;;) {
      if (this.take('.')) steps.push(this.name());
      else if (this.take('[')) {
        steps.push(this.index());
        this.expect(']');
      } else return steps;
    }
  }

  private name(): string {
    const found = this.next();
    if (found.startsWith('#')) {
      this.names.add(found);
      return found;
    }
    if (!/^[A-Za-z_]/.test(found)) throw this.wrong(`token: "${found}", where a name belongs`);
    if (isReserved(found)) {
      throw validation(
        `Invalid ${this.kind}: Attribute name is a reserved keyword; reserved keyword: ${found}`,
      );
    }
    return found;
  }

  private index(): number {
    const found = this.next();
    if (!/^[0-9]+$/.test(found)) throw this.wrong(`token: "${found}", where an index belongs`);
    return Number(found);
  }

  wrong(what: string): Error {
    return validation(`Invalid ${this.kind}: Syntax error; ${what}`);
  }
}

function tokenise(kind: ExpressionKind, text: string): readonly string[] {
  const trimmed = text.trim();
  if (trimmed === '') throw validation(`Invalid ${kind}: The expression can not be empty;`);
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < trimmed.length) {
    const at = token.lastIndex;
    const match = token.exec(trimmed);
    if (!match?.[1])
      throw validation(`Invalid ${kind}: Syntax error; token: "${trimmed.slice(at, at + 10)}"`);
    found.push(match[1]);
  }
  return found;
}
