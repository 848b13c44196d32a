import { expect, test } from 'vitest';
import { readArguments, UsageError } from '../../../operations/support/arguments.ts';

test('a command looks at the stack on this machine, at its usual port or the one that is told', () => {
  expect(readArguments([]).place).toEqual({ kind: 'local', port: Number(process.env.PORT ?? 3000) });
  expect(readArguments(['--port', '4000']).place).toEqual({ kind: 'local', port: 4000 });
});

test('or at a stage on AWS, with its own flags and names beside', () => {
  const given = readArguments(['ORDER#1', '--stage', 'prod', '--fix', '--minutes', '9'], {
    flags: ['fix', 'go'],
    options: ['minutes'],
  });
  expect(given.place).toEqual({ kind: 'aws', stage: 'prod' });
  expect(given.positionals).toEqual(['ORDER#1']);
  expect([given.has('fix'), given.has('go'), given.value('minutes')]).toEqual([true, false, '9']);
  expect(readArguments(['--stage', 'dev', '--region', 'eu-west-1']).place).toMatchObject({
    region: 'eu-west-1',
  });
});

test.each([
  ['a stage that is none', ['--stage', 'live']],
  ['a stage and a port', ['--stage', 'dev', '--port', '3000']],
  ['a port that is none', ['--port', 'abc']],
  ['a flag that it does not know', ['--fixx']],
])('it says what is wrong with %s', (_, args) => {
  expect(() => readArguments(args)).toThrow(UsageError);
});
