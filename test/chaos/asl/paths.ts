import { StateFailure } from './failure.ts';

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const split = new Map<string, readonly string[]>();

function fieldsOf(path: string): readonly string[] {
  const known = split.get(path);
  if (known) return known;
  const fields = path.split('.').slice(1);
  split.set(path, fields);
  return fields;
}

/** What stands at a path such as `$.payment.status`; undefined when nothing does. */
export function lookUp(path: string, root: unknown): unknown {
  let value = root;
  for (const field of fieldsOf(path)) {
    if (!isFields(value) || !Object.hasOwn(value, field)) return undefined;
    value = value[field];
  }
  return value;
}

/** @throws StateFailure States.Runtime, as Step Functions does for a path that leads nowhere */
export function require(path: string, root: unknown): unknown {
  const value = lookUp(path, root);
  if (value === undefined) throw new StateFailure('States.Runtime', `Nothing stands at ${path}`);
  return value;
}

/** Fills a template of Parameters or ResultSelector: `"x.$": "$.a"` takes `a` of the input, `$$.` of the context. */
export function fill(template: unknown, input: unknown, context: unknown): unknown {
  if (Array.isArray(template)) return template.map((entry: unknown) => fill(entry, input, context));
  if (!isFields(template)) return template;
  const filled: Fields = {};
  for (const [name, value] of Object.entries(template)) {
    if (!name.endsWith('.$')) {
      filled[name] = fill(value, input, context);
    } else if (typeof value !== 'string' || !value.startsWith('$')) {
      throw new Error(`${name} is ${JSON.stringify(value)}: the interpreter knows paths, and no functions`);
    } else {
      const root = value.startsWith('$$') ? context : input;
      filled[name.slice(0, -2)] = require(value.startsWith('$$') ? value.slice(1) : value, root);
    }
  }
  return filled;
}

/** The state's output: its input with the result put where ResultPath says. */
export function place(input: unknown, resultPath: string | null | undefined, result: unknown): unknown {
  if (resultPath === null) return input;
  if (resultPath === undefined || resultPath === '$') return result;
  const [field = ''] = fieldsOf(resultPath);
  return { ...(isFields(input) ? input : {}), [field]: result };
}
