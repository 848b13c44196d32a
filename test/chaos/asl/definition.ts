import { z } from 'zod';

/**
 * Amazon States Language as far as the two state machines use it. Every object is strict: a field or a value that
 * the interpreter does not know is refused when the file is read, never passed over.
 */
const path = z.string().regex(/^\$(\$)?(\.\w+)*$/, 'must be a path of plain fields');
const resultPath = z.union([z.null(), z.string().regex(/^\$(\.\w+)?$/, 'must be $ or one field')]);

const retrier = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  IntervalSeconds: z.number().positive(),
  MaxAttempts: z.int(),
  BackoffRate: z.number(),
  MaxDelaySeconds: z.number().positive(),
  JitterStrategy: z.enum(['FULL', 'NONE']),
});
export type Retrier = z.infer<typeof retrier>;

const catcher = z.strictObject({
  ErrorEquals: z.array(z.string()).min(1),
  ResultPath: resultPath,
  Next: z.string(),
});

const flow = { Comment: z.string().optional(), Next: z.string().optional(), End: z.literal(true).optional() };
const result = { ResultPath: resultPath.optional() };

const task = z.strictObject({
  ...flow,
  ...result,
  Type: z.literal('Task'),
  Resource: z.enum([
    'arn:aws:states:::lambda:invoke',
    'arn:aws:states:::lambda:invoke.waitForTaskToken',
    'arn:aws:states:::sqs:sendMessage',
  ]),
  Parameters: z.record(z.string(), z.unknown()),
  ResultSelector: z.record(z.string(), z.unknown()).optional(),
  TimeoutSeconds: z.number().positive(),
  Retry: z.array(retrier).default([]),
  Catch: z.array(catcher).default([]),
});
export type TaskState = z.infer<typeof task>;

interface Test {
  readonly Variable?: string | undefined;
  readonly StringEquals?: string | undefined;
  readonly BooleanEquals?: boolean | undefined;
  readonly IsPresent?: boolean | undefined;
  readonly And?: readonly Test[] | undefined;
  readonly Or?: readonly Test[] | undefined;
}

export type { Test as ChoiceTest };

const comparison = {
  Variable: path.optional(),
  StringEquals: z.string().optional(),
  BooleanEquals: z.boolean().optional(),
  IsPresent: z.boolean().optional(),
};
const test: z.ZodType<Test> = z.lazy(() =>
  z.strictObject({ ...comparison, And: z.array(test).optional(), Or: z.array(test).optional() }),
);
const choice = z.strictObject({
  Comment: z.string().optional(),
  Type: z.literal('Choice'),
  Choices: z.array(
    z.strictObject({
      ...comparison,
      And: z.array(test).optional(),
      Or: z.array(test).optional(),
      Next: z.string(),
    }),
  ),
  Default: z.string(),
});

const pass = z.strictObject({ ...flow, ...result, Type: z.literal('Pass'), Result: z.unknown().optional() });
const succeed = z.strictObject({ Comment: z.string().optional(), Type: z.literal('Succeed') });
const fail = z.strictObject({
  Comment: z.string().optional(),
  Type: z.literal('Fail'),
  Error: z.string(),
  Cause: z.string(),
});

export interface Scope {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}
interface ParallelState {
  readonly Type: 'Parallel';
  readonly Comment?: string | undefined;
  readonly Next?: string | undefined;
  readonly End?: true | undefined;
  readonly ResultPath?: string | null | undefined;
  readonly Branches: readonly Scope[];
}
export type State =
  | TaskState
  | z.infer<typeof choice>
  | z.infer<typeof pass>
  | z.infer<typeof succeed>
  | z.infer<typeof fail>
  | ParallelState;

const parallel: z.ZodType<ParallelState> = z.lazy(() =>
  z.strictObject({ ...flow, ...result, Type: z.literal('Parallel'), Branches: z.array(scope) }),
);
const scope: z.ZodType<Scope> = z.lazy(() =>
  z.strictObject({
    Comment: z.string().optional(),
    StartAt: z.string(),
    States: z.record(z.string(), z.union([task, choice, pass, succeed, fail, parallel])),
  }),
);

/** Reads a definition. @throws Error naming what the interpreter does not know */
export function readDefinition(asl: string): Scope {
  const parsed = scope.safeParse(JSON.parse(asl));
  if (parsed.success) return parsed.data;
  throw new Error(`The simulation's interpreter refuses this definition:\n${z.prettifyError(parsed.error)}`);
}
