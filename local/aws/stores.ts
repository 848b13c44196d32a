import { createHash, randomUUID } from 'node:crypto';
import type { OutboxMessage } from './outbox.ts';

const keptMessages = 5_000;

export interface StreamRecord {
  readonly stream: string;
  readonly partitionKey: string;
  /** Decoded text. */
  readonly data: string;
  readonly sequenceNumber: string;
  readonly at: string;
}

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
}

/** What the local SNS, Kinesis and SQS have been given. */
export class Stores {
  readonly outbox: OutboxMessage[] = [];
  readonly streamRecords: StreamRecord[] = [];
  readonly #queues = new Map<string, QueueMessage[]>();
  #sequence = 0;

  publish(message: Omit<OutboxMessage, 'id' | 'at'>): OutboxMessage {
    return keep(this.outbox, { id: randomUUID(), ...message, at: new Date().toISOString() });
  }

  putRecord(stream: string, partitionKey: string, data: string): StreamRecord {
    this.#sequence += 1;
    const sequenceNumber = String(this.#sequence).padStart(56, '0');
    return keep(this.streamRecords, {
      stream,
      partitionKey,
      data,
      sequenceNumber,
      at: new Date().toISOString(),
    });
  }

  /** @param queue name or URL */
  send(queue: string, body: string): { MessageId: string; MD5OfMessageBody: string } {
    const message = keep(this.queue(queue), { id: randomUUID(), body });
    return { MessageId: message.id, MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
  }

  /** The queue's messages, oldest first; the array itself, so that a receiver can delete from it. */
  queue(nameOrUrl: string): QueueMessage[] {
    const name = nameOrUrl.slice(nameOrUrl.lastIndexOf('/') + 1);
    const known = this.#queues.get(name);
    if (known) return known;
    const made: QueueMessage[] = [];
    this.#queues.set(name, made);
    return made;
  }
}

/** Appends, and forgets the oldest beyond what a person would ever read. */
function keep<T>(list: T[], item: T): T {
  list.push(item);
  if (list.length > keptMessages) list.shift();
  return item;
}
