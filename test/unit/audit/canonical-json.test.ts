import { expect, test } from 'vitest';
import { canonicalJson } from '../../../shared/audit/canonical-json.ts';

test('one value has one text, whatever order its keys came in', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x' }], a: true })).toBe(
    canonicalJson({ a: true, b: [1, { c: 'x', d: null }] }),
  );
  expect(canonicalJson({ b: 1, a: undefined })).toBe('{"b":1}');
});

test('keys are sorted by their code units, and numbers and texts written as RFC 8785 shows it', () => {
  // The example of section 3.2.3 there.
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
  const order = [...canonicalJson(keys).matchAll(/:(\d)/g)].map(([, value]) => Number(value));
  expect(order).toEqual([2, 4, 6, 7, 1, 5, 3]);
  const numbers = [1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
  expect(canonicalJson(numbers)).toBe('[1e+30,4.5,0.002,1e-27,0]');
  expect(canonicalJson('€$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
});

test('what JSON cannot say is refused', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1n]) {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  }
});
