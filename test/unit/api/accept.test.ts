import { expect, test } from 'vitest';
import { preferredType } from '../../../shared/api/accept.ts';

test.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['text/csv', 'text/csv'],
  ['Text/CSV; header=present', 'text/csv'],
  ['text/html, text/csv', 'text/csv'],
  ['text/csv, application/json', 'text/csv'],
  ['application/json, text/csv', 'application/json'],
  ['text/csv;q=0.5, application/json', 'application/json'],
  ['application/json;q=0.5,text/csv;q=0.9', 'text/csv'],
  ['text/csv, */*', 'text/csv'],
  ['text/csv;q=0, */*', 'application/json'],
  ['application/json;q=0, */*;q=0.1', 'text/csv'],
  ['text/*, application/json;q=0.4', 'text/csv'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/json'],
  ['image/png', 'application/json'],
])('a client that accepts %j is answered %s', (accept, type) => {
  expect(preferredType(accept, ['application/json', 'text/csv'])).toBe(type);
});
