import type { DataDir } from '../data-dir.ts';
import type { OnStop } from '../foundation.ts';
import type { EventSourceModel } from '../template/event-source-model.ts';
import { type EventSourceOptions, positionsSchema, startEventSource } from './event-source.ts';

export interface FeedOptions
  extends Pick<EventSourceOptions, 'endpoint' | 'invoke' | 'sendToQueue' | 'onProblem'> {
  readonly sources: readonly EventSourceModel[];
  readonly dataDir: DataDir | undefined;
}

/** Starts every event source mapping of the stage. */
export function feedFromStreams({ sources, dataDir, ...ports }: FeedOptions, onStop: OnStop): void {
  for (const source of sources) {
    const positions = dataDir?.file(`stream-${source.table}-${source.functionName}.json`, positionsSchema);
    const started = startEventSource({ ...ports, source, positions });
    onStop(() => started.stop());
  }
}
