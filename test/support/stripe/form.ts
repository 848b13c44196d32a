/** A form field as Stripe reads it: text, a list, or a hash of fields. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };
export type Form = { [name: string]: FormValue };

/** Parses Stripe's form encoding: `metadata[orderId]=1&expand[0]=latest_charge`. */
export function parseForm(text: string): Form {
  const form: Form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = [...name.matchAll(/[^[\]]+/g)].map(([part]) => part);
    put(form, path, value);
  }
  return form;
}

export function textField(form: Form, name: string): string | undefined {
  const value = form[name];
  return typeof value === 'string' ? value : undefined;
}

export function hashField(form: Form, name: string): Record<string, string> {
  const value = form[name];
  if (value === undefined || typeof value === 'string' || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  );
}

export function listField(form: Form, name: string): string[] {
  const value = form[name];
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry) => (typeof entry === 'string' ? [entry] : []));
}

function put(form: Form, [head, ...rest]: readonly string[], value: string): void {
  if (head === undefined) return;
  const [next] = rest;
  if (next === undefined) {
    form[head] = value;
    return;
  }
  if (/^\d*$/.test(next) && rest.length === 1) {
    const list = form[head];
    form[head] = [...(Array.isArray(list) ? list : []), value];
    return;
  }
  const inner = form[head];
  const hash = typeof inner === 'object' && !Array.isArray(inner) ? inner : {};
  form[head] = hash;
  put(hash, rest, value);
}
