import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { createLogger } from '../../../shared/observability/logger.ts';
import { redactText } from '../../../shared/observability/redact.ts';
import { safeError } from '../../../shared/observability/safe-error.ts';

let lines: string[];

beforeEach(() => {
  lines = [];
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'INFO');
  const write = (chunk: unknown) => {
    lines.push(String(chunk));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(write);
  vi.spyOn(process.stderr, 'write').mockImplementation(write);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The one line that is logged with an error, or with other members. */
function logged(given: Error | Record<string, unknown>) {
  createLogger().error('it failed', given instanceof Error ? { error: given } : given);
  expect(lines).toHaveLength(1);
  const [line = ''] = lines;
  return { line, entry: JSON.parse(line) };
}

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhdXRoMHwxIn0.c2lnbmF0dXJl';

describe('a text in a log line', () => {
  it.each([
    ['an e-mail address', 'no user ann.example+shop@mail.example.com here', 'ann.example+shop'],
    ['a telephone number', 'sent to +1 (415) 555-0123, twice', '555'],
    ['a telephone number in one run', 'sent to +14155550123', '4155550123'],
    ['an IPv4 address', 'from 203.0.113.7: refused', '203.0.113'],
    ['an IPv6 address', 'from 2001:db8::7a, refused', '2001:db8'],
    ['an access token', `token ${jwt} has expired`, 'eyJ'],
    ['a bearer token', 'sent Authorization: Bearer abc.def-123', 'abc.def'],
    ['a card number', 'paid by 4242 4242 4242 4242 today', '4242'],
    ['a payment method', 'pm_card_visa_chargeDeclined refused', 'pm_card'],
    ['a task token', `answered ${'AQB8AAAA'.repeat(20)} late`, 'AQB8'],
  ])('loses %s, and nothing else', (_what, given, secret) => {
    const kept = redactText(given);
    expect(kept).not.toContain(secret);
    const [first = ''] = given.split(' ');
    if (!first.includes(secret)) expect(kept).toContain(first);
    expect(kept).toContain('[redacted]');
  });

  it.each([
    'There is no order 01KJMH4G00RDERAAAAAAAAAAAA',
    'at file:///var/task/handler.mjs:123:45678',
    'node_modules/@aws-sdk/client-dynamodb/dist/index.js',
    'arn:aws:states:us-east-1:123456789012:execution:Checkout:01KJMH4G00RDERAAAAAAAAAAAA',
    '2026-11-22T19:36:22.123Z',
    'from 10:15:30 on',
    '49671523456789012345678901234567890123456789012345678901',
    'version 2.36.0, build 1764000000000',
    '1-67891233-abcdef012345678912345678',
  ])('keeps %s', (given) => {
    expect(redactText(given)).toBe(given);
  });
});

describe('an error in a log line', () => {
  it('has its name, message, place and cause', () => {
    const cause = new TypeError('the socket of ann@example.com hung up');
    const { entry, line } = logged(new Error('DynamoDB is busy', { cause }));
    expect(entry).toMatchObject({ level: 'ERROR', message: 'it failed' });
    expect(entry.error).toMatchObject({
      name: 'Error',
      message: 'DynamoDB is busy',
      cause: { name: 'TypeError', message: 'the socket of [redacted] hung up' },
    });
    expect(Object.keys(entry.error)).toEqual(['name', 'message', 'stack', 'cause']);
    expect(entry.error.stack).toMatch(/^Error: DynamoDB is busy\n\s+at /);
    expect(line).not.toContain('ann@');
  });

  it('has not the item that a failed condition of DynamoDB brings along', () => {
    const fault = Object.assign(new Error('Transaction cancelled'), {
      name: 'TransactionCanceledException',
      $metadata: { httpStatusCode: 400, requestId: 'REQ1', extendedRequestId: 'street' },
      Item: { street: { S: '1 Long Street' } },
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Item: { name: { S: 'Ann Example' } } },
      ],
    });
    const { entry, line } = logged(fault);
    expect(entry.error).toMatchObject({
      name: 'TransactionCanceledException',
      httpStatusCode: 400,
      awsRequestId: 'REQ1',
      cancellationReasons: ['None', 'ConditionalCheckFailed'],
    });
    expect(line).not.toMatch(/Long Street|Ann Example/);
  });

  it('of a parser does not quote what was parsed, at any depth of causes', () => {
    const secret = 'correct horse battery';
    const parsing = z
      .object({ password: z.literal('x'), age: z.number() })
      .safeParse({ password: secret, age: secret });
    let broken: unknown;
    try {
      JSON.parse(`${secret} {`);
    } catch (error) {
      broken = error;
    }
    const { line, entry } = logged(
      new Error('outer', { cause: new Error('middle', { cause: parsing.error }) }),
    );
    expect(entry.error.cause.cause.message).toBe('password: invalid_value; age: invalid_type');
    expect(line).not.toContain('horse');
    lines = [];
    const { line: second, entry: told } = logged(new Error('outer', { cause: broken }));
    expect(told.error.cause).toMatchObject({ name: 'SyntaxError', message: 'not to be parsed' });
    expect(second).not.toContain('correct');
  });
});

describe('an error in a trace', () => {
  it('keeps name, place and what is not personal of its message, and nothing that hangs on it', () => {
    const error = Object.assign(new RangeError('no ann@example.com here', { cause: new Error('deep') }), {
      Item: 'Ann Example',
    });
    const safe = safeError(error);
    expect(safe).toMatchObject({ name: 'RangeError', message: 'no [redacted] here' });
    expect(safe.stack).toMatch(/^RangeError: no \[redacted\] here\n\s+at .*logger\.test/);
    expect(safe.cause).toBeUndefined();
    expect(safe).not.toHaveProperty('Item');
  });
});

describe('members of a log line', () => {
  it('that hold secrets are blacked out by their names, however deep', () => {
    const { line, entry } = logged({
      orderId: 'order-1',
      profile: { email: 'x', address: { street: '1 Long Street' }, userName: 'ann', taskToken: 'tt' },
      headers: { authorization: 'secret' },
    });
    expect(entry).toMatchObject({ orderId: 'order-1', headers: '[redacted]' });
    expect(entry.profile).toEqual({
      email: '[redacted]',
      address: '[redacted]',
      userName: '[redacted]',
      taskToken: '[redacted]',
    });
    expect(line).not.toContain('Long Street');
  });
});
