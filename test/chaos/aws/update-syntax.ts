import { Cursor, type Path } from './tokens.ts';

export type UpdateOperand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly name: string }
  | { readonly kind: 'if_not_exists'; readonly path: Path; readonly otherwise: UpdateOperand }
  | { readonly kind: 'list_append' | '+' | '-'; readonly left: UpdateOperand; readonly right: UpdateOperand };

export interface UpdateSyntax {
  readonly set: readonly { readonly path: Path; readonly to: UpdateOperand }[];
  readonly remove: readonly { readonly path: Path }[];
  readonly add: readonly { readonly path: Path; readonly value: string }[];
  readonly delete: readonly { readonly path: Path; readonly value: string }[];
  readonly names: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}

const sections = ['SET', 'REMOVE', 'ADD', 'DELETE'] as const;
type Section = (typeof sections)[number];

/** @throws ValidationException when the text is no update expression */
export function parseUpdate(text: string): UpdateSyntax {
  const cursor = new Cursor('UpdateExpression', text);
  const found: { [S in 'set' | 'remove' | 'add' | 'delete']: UpdateSyntax[S][number][] } = {
    set: [],
    remove: [],
    add: [],
    delete: [],
  };
  const seen = new Set<Section>();
  while (!cursor.atEnd) {
    const section = sections.find((keyword) => cursor.takeWord(keyword));
    if (!section) throw cursor.wrong(`token: "${cursor.peek()}", where a section belongs`);
    if (seen.has(section)) throw cursor.wrong(`The "${section}" section can only be used once`);
    seen.add(section);
    do {
      if (section === 'SET') found.set.push(assignment(cursor));
      else if (section === 'REMOVE') found.remove.push({ path: cursor.path() });
      else if (section === 'ADD') found.add.push({ path: cursor.path(), value: cursor.value() });
      else found.delete.push({ path: cursor.path(), value: cursor.value() });
    } while (cursor.take(','));
  }
  return { ...found, names: cursor.names, values: cursor.values };
}

function assignment(cursor: Cursor): UpdateSyntax['set'][number] {
  const path = cursor.path();
  cursor.expect('=');
  const left = operand(cursor);
  const sign = cursor.take('+') ? '+' : cursor.take('-') ? '-' : undefined;
  return { path, to: sign ? { kind: sign, left, right: operand(cursor) } : left };
}

function operand(cursor: Cursor): UpdateOperand {
  if (cursor.isValue()) return { kind: 'value', name: cursor.value() };
  if (cursor.peek(1) !== '(') return { kind: 'path', path: cursor.path() };
  const name = cursor.next();
  cursor.expect('(');
  const parsed = call(cursor, name);
  cursor.expect(')');
  return parsed;
}

function call(cursor: Cursor, name: string): UpdateOperand {
  if (name === 'if_not_exists') {
    const path = cursor.path();
    cursor.expect(',');
    return { kind: name, path, otherwise: operand(cursor) };
  }
  if (name !== 'list_append') throw cursor.wrong(`Invalid function name; function: ${name}`);
  const left = operand(cursor);
  cursor.expect(',');
  return { kind: name, left, right: operand(cursor) };
}
