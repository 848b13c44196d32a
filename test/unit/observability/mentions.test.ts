import { describe, expect, it } from 'vitest';
import { mentions } from '../../support/mentions.ts';

describe('a search for what must not be told', () => {
  it.each([
    ['a field', '{"code":"493775"}', '493775'],
    ['a number', '{"last4":9377}', '9377'],
    ['a sentence', 'The code is 493775.', '493775'],
    ['a masked number', 'called ***9377', '9377'],
    ['a number in groups', 'called (415) 555-9377', '9377'],
    ['a number in groups with dots', 'called 415.555.9377', '9377'],
    ['a query', 'GET /login?code=493775&x=1', '493775'],
    ['an encoded query', 'GET /login?to%3Dx%26code%3D493775', '493775'],
    ['a new line within JSON', '{"text":"Your code:\\n493775\\nBye"}', '493775'],
    ['a key', 'MFA#493775', '493775'],
    ['a name', 'mfa_493775, code-493775, 493775-expired, code493775', '493775'],
    ['a count', 'try 1:493775', '493775'],
    ['a word in another case', 'to Ann@Example.com', 'ann@example.com'],
    ['a long number, wherever', 'id-4242424242424242x', '4242424242424242'],
  ])('finds it in %s', (_, text, value) => {
    for (const one of text.split(', ')) expect(mentions(one, value), one).toBe(true);
  });

  it.each([
    ['the end of a UUID', '5e234755-8b6c-4a77-9f5a-a159377e808f', '9377'],
    ['a part of a UUID', '5e234755-9377-4a77-9f5a-a15e377e808f', '9377'],
    ['a ULID', '01M82VJB4RTT9377RD8ZS52Z7X', '9377'],
    ['a hash', 'sha256:ab493775cd', '493775'],
    ['a trace', 'Root=1-5759377e-bd862e3fe1be46a9937a7279', '9377'],
    ['a token', 'pm_1NkZ9377eqLm2Wa8XyTz04Qv', '9377'],
    ['a time in milliseconds', '{"Timestamp":1763849377512}', '493775'],
    ['a fraction', '{"durationMs":12.493775}', '493775'],
    ['a place in a file', 'at handler (index.mjs:1:9377)', '9377'],
  ])('does not take for it %s', (_, text, value) => {
    expect(mentions(text, value)).toBe(false);
  });
});
