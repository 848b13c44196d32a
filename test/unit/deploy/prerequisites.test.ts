import { describe, expect, it } from 'vitest';
import {
  findPython,
  isPythonRecentEnough,
  type Probe,
  parsePythonVersion,
  requireOpenSsl,
} from '../../deploy/prerequisites.ts';

/** A machine with these commands, each by the version that it prints; `!` after it: it makes no environments. */
const machine =
  (commands: Record<string, string>): Probe =>
  async (command, [argument]) => {
    const version = commands[command];
    if (version === undefined) return undefined;
    if (argument === '--version') return version.replace('!', '');
    return version.endsWith('!') ? undefined : '';
  };

describe('the version of Python', () => {
  it.each([
    ['Python 3.11.7\n', { major: 3, minor: 11 }],
    ['Python 3.13.0rc1', { major: 3, minor: 13 }],
    ['Python 2.7.18', { major: 2, minor: 7 }],
    ['pyenv: python3: command not found', undefined],
  ])('is read out of %j', (text, version) => {
    expect(parsePythonVersion(text)).toEqual(version);
  });

  it.each([
    [3, 9, false],
    [3, 10, true],
    [3, 20, true],
    [2, 12, false],
    [4, 0, false],
  ])('%i.%i is recent enough: %s', (major, minor, recent) => {
    expect(isPythonRecentEnough({ major, minor })).toBe(recent);
  });
});

describe('the Python that is used', () => {
  it('is the first one that is recent enough', async () => {
    expect(await findPython(machine({ python3: 'Python 3.11.7', 'python3.13': 'Python 3.13.1' }))).toBe(
      'python3',
    );
    expect(await findPython(machine({ python3: 'Python 3.8.1', 'python3.12': 'Python 3.12.3' }))).toBe(
      'python3.12',
    );
    expect(await findPython(machine({ python3: 'Python 3.11.7!', 'python3.10': 'Python 3.10.2' }))).toBe(
      'python3.10',
    );
  });

  it.each([
    [{}, 'Python 3.10 or newer is not on the PATH'],
    [{ python3: 'Python 3.9.2' }, 'Python 3.10 or newer is needed: python3 is 3.9'],
    [{ python3: 'Python 3.12.1!' }, 'python3 cannot make virtual environments'],
  ])('is missed on %j, with the reason', async (commands, reason) => {
    await expect(findPython(machine(commands))).rejects.toMatchObject({
      name: 'NotRunError',
      message: expect.stringContaining(reason),
    });
  });

  it('is of no use without openssl', async () => {
    await expect(requireOpenSsl(machine({}))).rejects.toThrow('openssl is not on the PATH');
  });
});
