import { existsSync } from 'node:fs';
import { join } from 'node:path';
import aslValidator from 'asl-validator';
import { describe, expect, it } from 'vitest';
import {
  readCheckoutDefinition,
  readReversalDefinition,
  renderCheckoutDefinition,
} from '../../lib/checkout-definition.ts';
import { stageSettings } from '../../lib/choose-settings.ts';
import {
  type AslMachine,
  allStates,
  calledTask,
  checkout,
  failures,
  isTask,
  reachable,
  reversal,
  successors,
} from './asl.ts';

const lambdaFaults = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];

const machines = [
  {
    name: 'checkout',
    machine: checkout,
    source: readCheckoutDefinition(),
    least: { states: 45, tasks: 24, machines: 7 },
    known: ['ValidateProfile', 'ValidateOrder', 'ProcessPayment', 'UpdateOrderStatus', 'CheckCancellation'],
    waiting: ['WaitForProfile', 'HoldForReview'],
    followUps: ['RecordPaidOrder', 'RecordFailedOrder'],
  },
  {
    name: 'reversal',
    machine: reversal,
    source: readReversalDefinition(),
    least: { states: 20, tasks: 14, machines: 4 },
    known: ['UndoPayment', 'CheckRestock', 'ReleaseInventory', 'FailOrder', 'CloseRefund'],
    waiting: [],
    followUps: ['RecordReversedOrder'],
  },
];

function folderOf(placeholder: string): string {
  const name = placeholder.replace('FunctionArn', '');
  return kebabCase(name.charAt(0).toLowerCase() + name.slice(1));
}

function kebabCase(camelCase: string): string {
  return camelCase.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

describe.each(machines)('the $name', ({ machine, source, least, known, waiting, followUps }) => {
  const states = allStates(machine);
  const tasks = states.filter(isTask).map(({ name, state, within }) => [name, state, within] as const);
  const lambdaTasks = tasks.filter(([, state]) => calledTask(state));

  describe('the definition', () => {
    it('is one that Step Functions accepts', () => {
      const rendered = renderCheckoutDefinition(source, stageSettings('prod').workflow)
        .replaceAll(/\$\{DeadLetterQueueUrl\}/g, 'https://sqs.us-east-1.amazonaws.com/123456789012/dead')
        .replaceAll(/\$\{(\w+)Arn\}/g, 'arn:aws:lambda:us-east-1:123456789012:function:$1');
      const { isValid, errorsText } = aslValidator(JSON.parse(rendered));
      expect(isValid, errorsText()).toBe(true);
    });

    it('was read in full by these tests', () => {
      expect(states.length).toBeGreaterThanOrEqual(least.states);
      expect(tasks.length).toBeGreaterThanOrEqual(least.tasks);
      expect(Object.keys(machine.States)).toEqual(expect.arrayContaining(known));
    });

    it('uses no name twice, so that a line of the console means one state', () => {
      const names = states.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    });

    it('has no time-out of the whole execution, which would bypass every Catch', () => {
      expect(machine).not.toHaveProperty('TimeoutSeconds');
    });

    it('has no state that cannot be reached, and no way to one that does not exist', () => {
      const scopes: AslMachine[] = [machine, ...states.flatMap(({ state }) => state.Branches ?? [])];
      expect(scopes.length).toBeGreaterThanOrEqual(least.machines);
      for (const scope of scopes) {
        expect([...reachable(scope, [scope.StartAt])].sort()).toEqual(Object.keys(scope.States).sort());
      }
    });

    it('ends every way in Succeed, Fail or the end of a branch', () => {
      for (const { name, state, within } of states) {
        if (successors(state).length > 0) continue;
        const isEnd = ['Succeed', 'Fail'].includes(state.Type) || state.End === true;
        expect(isEnd, name).toBe(true);
        if (within === machine) expect(['Succeed', 'Fail', 'Parallel'], name).toContain(state.Type);
      }
    });
  });

  describe('every task', () => {
    it.each(tasks)('%s gives up after a time that the settings tell', (_, state) => {
      expect(state.TimeoutSeconds).toMatch(/^\$\{(Task|Profile|Review)TimeoutSeconds\}$/);
    });

    it.each(tasks)('%s is retried a bounded number of times', (_, state) => {
      expect(state.Retry?.length).toBeGreaterThan(0);
      for (const { MaxAttempts } of state.Retry ?? []) {
        expect(MaxAttempts).toBeGreaterThan(0);
        expect(MaxAttempts).toBeLessThanOrEqual(10);
      }
    });

    it.each(tasks)('%s has a way out of every error, the last of its catchers', (_, state) => {
      expect(state.Catch?.at(-1)?.ErrorEquals).toEqual(['States.ALL']);
    });

    it.each(lambdaTasks)('%s survives the faults of Lambda itself', (_, state) => {
      const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(retried).toEqual(expect.arrayContaining([...lambdaFaults, 'TransientError']));
    });

    it.each(lambdaTasks)('%s never retries an error that is final', (_, state) => {
      const retried = (state.Retry ?? []).flatMap(({ ErrorEquals }) => ErrorEquals);
      expect(retried).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^States\.(ALL|TaskFailed)$/)]),
      );
    });

    it.each(lambdaTasks)('%s has a handler: a Lambda, and a file of the name of the task', (_, state) => {
      const { lambda = '', task = '' } = calledTask(state) ?? {};
      const folder = join(import.meta.dirname, '../../lambdas', folderOf(lambda));
      expect(existsSync(join(folder, 'handler.ts')), folder).toBe(true);
      expect(existsSync(join(folder, `${kebabCase(task)}.ts`)), `${folder}, ${task}`).toBe(true);
    });

    it('that calls no Lambda sends to the dead-letter queue', () => {
      for (const [name, state] of tasks) {
        if (calledTask(state)) continue;
        expect(state.Resource, name).toBe('arn:aws:states:::sqs:sendMessage');
        expect(state.Parameters?.QueueUrl, name).toMatch(/DeadLetterQueueUrl/);
      }
    });

    it('that waits for somebody hands out its token', () => {
      const paused = tasks.filter(([, state]) => state.Resource?.endsWith('.waitForTaskToken'));
      expect(paused.map(([name]) => name)).toEqual(waiting);
      for (const [, state] of paused) {
        expect(JSON.stringify(state.Parameters)).toContain('$$.Task.Token');
        expect(state.TimeoutSeconds).toMatch(/Profile|Review/);
      }
    });
  });

  describe('what follows an order', () => {
    const parallels = states.filter(({ state }) => state.Type === 'Parallel');

    it('is told, tracked and audited, however it ends', () => {
      expect(parallels.map(({ name }) => name)).toEqual(followUps);
      for (const { state } of parallels) {
        const lambdas = (state.Branches ?? []).map(
          (branch) => calledTask(branch.States[branch.StartAt] ?? { Type: 'Missing' })?.lambda,
        );
        expect(lambdas).toEqual(['NotificationFunctionArn', 'AnalyticsFunctionArn', 'AuditFunctionArn']);
      }
    });

    it('goes to the dead-letter queue when it fails, and fails nothing', () => {
      expect(parallels).toHaveLength(followUps.length);
      for (const { state } of parallels) {
        for (const branch of state.Branches ?? []) {
          const [deadLetter = ''] = failures(branch.States[branch.StartAt] ?? { Type: 'Missing' });
          expect(branch.States[deadLetter]?.Resource).toBe('arn:aws:states:::sqs:sendMessage');
          const kept = branch.States[deadLetter];
          const last = branch.States[failures(kept ?? { Type: 'Missing' })[0] ?? ''];
          // Every Task catches everything and a Pass cannot fail, so neither can the branch.
          expect(last).toMatchObject({ Type: 'Pass', End: true });
          expect(Object.keys(branch.States)).toHaveLength(3);
        }
      }
    });
  });
});
