import { createKinesisStream } from '../../shared/adapters/kinesis-stream.ts';
import { nonEmpty, readEnvironment } from '../../shared/config/environment.ts';
import { systemClock } from '../../shared/effects.ts';
import { createTaskHandler } from '../../shared/workflow/task-handler.ts';
import { track } from './track.ts';

export const handler = createTaskHandler(() => {
  const { ANALYTICS_STREAM_NAME } = readEnvironment({ ANALYTICS_STREAM_NAME: nonEmpty });
  return { track: track(createKinesisStream(ANALYTICS_STREAM_NAME), systemClock) };
});
