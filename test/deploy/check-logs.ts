import { deepEqual, ok } from 'node:assert/strict';
import type { CheckContext } from './deploy-and-check.ts';
import { denials, readLogs } from './lambda-logs.ts';

/** What the Lambdas logged during all this. */
export async function checkLogs({ report, emulator }: CheckContext): Promise<void> {
  const lines = await report.step('logs of the Lambdas read', () => readLogs(emulator.endpoint));
  await report.check('every Lambda’s role allowed all that the Lambda did', async () => {
    ok(lines.length > 0, 'there are no logs');
    deepEqual(denials(lines), []);
  });
  await report.check('no log has a password, a token or an e-mail address of the journey', async () => {
    const leaks = lines.filter(({ message }) =>
      /Passw0rd!|Bearer ey|eyJ[\w-]{20,}\.|@example\.com/.test(message),
    );
    deepEqual(
      leaks.map(({ group, message }) => `${group}: ${message.slice(0, 300)}`),
      [],
    );
  });
}
