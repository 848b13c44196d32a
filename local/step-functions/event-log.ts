import type { StateMachine } from 'aws-local-stepfunctions';

/** An event of the interpreter; the package exports the type only through `run`. */
export type EventLog =
  ReturnType<StateMachine['run']>['eventLogs'] extends AsyncGenerator<infer E> ? E : never;
