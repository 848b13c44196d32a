import { describe, expect, it } from 'vitest';
import { readCliOptions } from '../../../local/cli-options.ts';
import { consolePage, runPage } from '../../../local/pages/console.ts';
import { docsPage } from '../../../local/pages/docs.ts';
import { html } from '../../../local/pages/html.ts';
import { outboxJson, outboxPage } from '../../../local/pages/outbox.ts';
import type { ExecutionRecord } from '../../../local/step-functions/execution-record.ts';
import { buildOpenApi } from '../../../shared/api/openapi.ts';
import { routes } from '../../../shared/api/routes.ts';

const attack = `<img src=x onerror="alert('1')">`;

const record: ExecutionRecord = {
  arn: 'arn:a',
  stateMachineArn: 'arn:aws:states:us-east-1:0:stateMachine:checkout',
  name: attack,
  input: JSON.stringify({ note: attack }),
  startedAt: new Date(0),
  stoppedAt: new Date(40),
  status: 'SUCCEEDED',
  output: '{}',
  transitions: 1,
  events: [
    { id: 1, previousEventId: 0, timestamp: 0, type: 'ExecutionStarted' },
    {
      id: 2,
      previousEventId: 1,
      timestamp: 0.001,
      type: 'TaskStateEntered',
      stateEnteredEventDetails: { name: 'Pay', input: JSON.stringify(attack) },
    },
    { id: 3, previousEventId: 2, timestamp: 0.002, type: 'TaskScheduled' },
    {
      id: 4,
      previousEventId: 3,
      timestamp: 0.003,
      type: 'TaskStateExited',
      stateExitedEventDetails: { name: 'Pay', output: '{}' },
    },
  ],
};

describe('the pages', () => {
  it('escape whatever comes from outside', () => {
    const message = { id: '1', topic: attack, message: attack, attributes: { [attack]: attack }, at: attack };
    for (const text of [
      consolePage([record]),
      runPage(record),
      outboxPage([message]),
      html`<a href="${attack}">`.text,
    ]) {
      expect(text).not.toContain('<img');
      expect(text).toContain('&lt;img');
    }
  });

  it('draw each state of a run with its outcome', () => {
    expect(runPage(record)).toContain('class="state succeeded">Pay');
  });

  it('list the newest notification first', () => {
    const message = { topic: 't', message: 'm', attributes: {}, at: '' };
    expect(
      outboxJson([
        { ...message, id: '1' },
        { ...message, id: '2' },
      ]),
    ).toMatchObject({ items: [{ id: '2' }, { id: '1' }] });
  });

  it('document every route', () => {
    const text = docsPage(buildOpenApi(routes));
    for (const { path } of Object.values(routes)) expect(text).toContain(`<code>${path}</code>`);
  });
});

describe('the command line', () => {
  it('has defaults, options and a port from the environment', () => {
    expect(readCliOptions([], {})).toMatchObject({
      port: 3000,
      dataDir: undefined,
      seed: true,
      verbose: false,
    });
    expect(readCliOptions(['--data', 'd', '--no-seed', '--verbose'], { PORT: '8080' })).toMatchObject({
      port: 8080,
      dataDir: 'd',
      seed: false,
      verbose: true,
    });
  });

  it('pays with the test mode of a Stripe account when it is given a key, and with no live one', () => {
    expect(readCliOptions([], {}).stripe).toBeUndefined();
    expect(
      readCliOptions([], { STRIPE_SECRET_KEY: 'sk_test_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' }).stripe,
    ).toEqual({ secretKey: 'sk_test_1', webhookSecrets: ['whsec_1'], apiUrl: undefined });
    expect(() => readCliOptions([], { STRIPE_SECRET_KEY: 'sk_live_1' })).toThrow('test mode');
  });

  it('refuses what it does not know', () => {
    expect(() => readCliOptions(['--what'], {})).toThrow('--what');
    expect(() => readCliOptions([], { PORT: 'http' })).toThrow('PORT');
  });
});
