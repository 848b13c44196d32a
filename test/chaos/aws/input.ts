import { unknownHere } from './errors.ts';

export type Input = Readonly<Record<string, unknown>>;

/** @throws Error naming the first member that this store would have to leave unheeded */
export function onlyKnown(operation: string, input: Input, known: ReadonlySet<string>): void {
  for (const member in input) {
    if (input[member] !== undefined && !known.has(member)) throw unknownHere(`${member} of ${operation}`);
  }
}

export function optionalText(input: Input, member: string): string | undefined {
  const value = input[member];
  if (value === undefined || typeof value === 'string') return value;
  throw unknownHere(`${member} other than a text`);
}

export function optionalRecord(input: Input, member: string): Record<string, unknown> | undefined {
  const value = input[member];
  if (value === undefined) return undefined;
  if (isRecord(value)) return value;
  throw unknownHere(`${member} other than a record`);
}

export function requiredRecord(input: Input, member: string): Record<string, unknown> {
  return optionalRecord(input, member) ?? missing(member);
}

export function placeholders(input: Input): {
  ExpressionAttributeNames: Record<string, string> | undefined;
  ExpressionAttributeValues: Record<string, unknown> | undefined;
} {
  return {
    ExpressionAttributeNames: optionalRecord(input, 'ExpressionAttributeNames') as
      | Record<string, string>
      | undefined,
    ExpressionAttributeValues: optionalRecord(input, 'ExpressionAttributeValues'),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function missing(member: string): never {
  throw unknownHere(`a request without ${member}`);
}
