import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FailureHook } from '../options.ts';
import type { FunctionModel } from '../template/deployment.ts';
import { ExecutionEnvironment } from './execution-environment.ts';
import type { InvocationResult } from './protocol.ts';

export interface FunctionPoolOptions {
  readonly functions: readonly FunctionModel[];
  /** Where the bundles are, one folder for each function. */
  readonly bundlesFolder: string;
  /** Set over the template's variables of a function. */
  readonly variables: (model: FunctionModel) => Readonly<Record<string, string>>;
  readonly onLog: (functionName: string, text: string) => void;
  readonly failures?: FailureHook | undefined;
}

export interface FunctionPool {
  /** Invokes by name, short name (the bundle's folder) or ARN, with an alias behind it or not. A name that nobody has is an error result. */
  invoke(functionRef: string, event: unknown): Promise<InvocationResult>;
  /** Loads every bundle, one after the other, so that it does not starve requests. */
  warm(): Promise<void>;
  /** Invocations so far, by short name. */
  readonly counts: ReadonlyMap<string, number>;
  /** How long they have taken in all, by short name. */
  readonly milliseconds: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

interface Member {
  readonly shortName: string;
  readonly environment: ExecutionEnvironment;
}

export function createFunctionPool(options: FunctionPoolOptions): FunctionPool {
  const counts = new Map<string, number>();
  const milliseconds = new Map<string, number>();
  const byRef = new Map<string, Member>();
  const members = options.functions.map((model): Member => {
    const member = { shortName: model.shortName, environment: createEnvironment(model, options) };
    for (const ref of [model.name, model.arn, member.shortName]) {
      for (const qualifier of ['', ...model.aliases.map((alias) => `:${alias}`)])
        byRef.set(ref + qualifier, member);
    }
    return member;
  });

  let stopped = false;
  return {
    counts,
    milliseconds,
    async invoke(functionRef, event) {
      const member = byRef.get(functionRef);
      if (!member) {
        const errorMessage = `Function not found: ${functionRef}`;
        return { ok: false, error: { errorType: 'Lambda.ResourceNotFoundException', errorMessage } };
      }
      const { shortName } = member;
      counts.set(shortName, (counts.get(shortName) ?? 0) + 1);
      const failure = await options.failures?.({ functionName: shortName, event });
      if (failure?.when === 'before') return { ok: false, error: failure.error };
      const begun = performance.now();
      const result = await member.environment.invoke(event);
      milliseconds.set(shortName, (milliseconds.get(shortName) ?? 0) + performance.now() - begun);
      return failure ? { ok: false, error: failure.error } : result;
    },
    async warm() {
      for (const { environment } of members) {
        if (!stopped) await environment.warm();
      }
    },
    async stop() {
      stopped = true;
      await Promise.all(members.map(({ environment }) => environment.stop()));
    },
  };
}

function createEnvironment(model: FunctionModel, options: FunctionPoolOptions): ExecutionEnvironment {
  const [file = 'handler', exportName = 'handler'] = model.handler.split('.');
  return new ExecutionEnvironment({
    setup: {
      moduleUrl: pathToFileURL(join(options.bundlesFolder, model.shortName, `${file}.mjs`)).href,
      exportName,
      functionName: model.name,
      functionArn: model.arn,
      memoryMb: model.memoryMb,
    },
    variables: {
      ...model.environment,
      ...options.variables(model),
      AWS_LAMBDA_FUNCTION_NAME: model.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(model.memoryMb),
    },
    timeoutMs: model.timeoutMs,
    onLog: (text) => options.onLog(model.name, text),
  });
}
