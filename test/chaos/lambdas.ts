import type { WorkOutcome } from './asl/interpreter.ts';
import type { Handlers, LambdaName } from './code.ts';
import type { Invocation, Kernel } from './kernel.ts';

export interface Lambdas {
  /** Invokes a Lambda and answers what its caller is told. The event goes over as JSON. */
  invoke(lambda: LambdaName, event: unknown, about?: string): Promise<WorkOutcome>;
}

/** Lambda: invocations with a time-out that kills, crashes, double deliveries and late starts. */
export function createLambdas(
  kernel: Kernel,
  handlers: Handlers,
  timeouts: ReadonlyMap<string, number>,
): Lambdas {
  const { clock, rng } = kernel;
  let made = 0;

  const runOnce = (lambda: LambdaName, event: string, delay: number): Promise<WorkOutcome> => {
    const { promise, resolve } = Promise.withResolvers<WorkOutcome>();
    made += 1;
    const id = made;
    clock.in(delay, () => {
      const end = (outcome: WorkOutcome): void => {
        if (invocation.dead) return;
        invocation.dead = true;
        deadline.run = undefined;
        kernel.note(`end ${lambda}#${id}`, outcome.ok ? 'ok' : outcome.error);
        // Its answer takes a moment to reach whoever waits for it.
        clock.in(kernel.around(3), () => resolve(outcome));
      };
      const invocation: Invocation = {
        id,
        lambda,
        dead: false,
        isFaulty: false,
        kill(error) {
          invocation.isFaulty = true;
          end({ ok: false, error, cause: JSON.stringify({ errorType: error }) });
        },
      };
      const deadline = clock.in(timeouts.get(lambda) ?? 15_000, () => invocation.kill('Sandbox.Timedout'));
      kernel.note(`start ${lambda}#${id}`);
      kernel.running.run(invocation, () => {
        handlers[lambda](JSON.parse(event)).then(
          (output) => end({ ok: true, output: JSON.parse(JSON.stringify(output ?? null)) }),
          (error: unknown) => end(failed(error)),
        );
      });
    });
    return promise;
  };

  return {
    async invoke(lambda, event, about = '') {
      const fault = kernel.faults.ofInvocation(kernel.elapsed, lambda);
      kernel.note(`invoke ${lambda}`, about, fault ?? '');
      const text = JSON.stringify(event);
      const delay = kernel.around(8);
      switch (fault) {
        case undefined:
          return runOnce(lambda, text, delay);
        case 'not_started':
          await kernel.sleep(delay);
          return { ok: false, error: 'Lambda.TooManyRequestsException', cause: 'Rate exceeded' };
        case 'twice':
          void runOnce(lambda, text, delay + (rng.chance(0.5) ? 0 : rng.next() * 3_000));
          return runOnce(lambda, text, delay);
        case 'answer_lost':
          await runOnce(lambda, text, delay);
          return { ok: false, error: 'Lambda.Unknown', cause: 'The answer was lost' };
        case 'starts_late':
          return runOnce(lambda, text, 12_000 + rng.next() * 20_000);
      }
    },
  };
}

function failed(error: unknown): WorkOutcome {
  const name = error instanceof Error ? error.name : 'Error';
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, error: name, cause: JSON.stringify({ errorType: name, errorMessage: message }) };
}
