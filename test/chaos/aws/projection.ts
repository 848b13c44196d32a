import { type Environment, type Parsed, resolvePath } from './environment.ts';
import { project } from './paths.ts';
import { Cursor, type Path } from './tokens.ts';
import type { Item } from './types.ts';

export interface ProjectionExpression extends Parsed {
  readonly paths: readonly Path[];
}

const cache = new Map<string, ProjectionExpression>();

/** The projection expression, parsed once for each text. */
export function projectionOf(text: string): ProjectionExpression {
  const known = cache.get(text);
  if (known) return known;
  const cursor = new Cursor('ProjectionExpression', text);
  const paths = [cursor.path()];
  while (cursor.take(',')) paths.push(cursor.path());
  cursor.end();
  const { names, values } = cursor;
  const parsed = { kind: 'ProjectionExpression' as const, names, values, paths };
  cache.set(text, parsed);
  return parsed;
}

export function projected(
  item: Item,
  projection: ProjectionExpression | undefined,
  environment: Environment,
): Item {
  if (!projection) return item;
  return (
    project(
      item,
      projection.paths.map((path) => resolvePath(path, environment)),
    ) ?? {}
  );
}
