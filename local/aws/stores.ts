import { createHash, randomUUID } from 'node:crypto';
import type { DeliveredMessage, OutboxMessage } from './outbox.ts';

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
  /** How often a Lambda was given it; none without one. */
  readonly receives?: number;
}

/** What the local SNS, SES, Kinesis and SQS have been given. */
export class Stores {
  readonly outbox: OutboxMessage[] = [];
  readonly delivered: DeliveredMessage[] = [];
  readonly streamRecords: StreamRecord[] = [];
  readonly #queues = new Map<string, QueueMessage[]>();
  readonly #arrivals = new Map<string, () => void>();
  #sequence = 0;

  publish(message: Omit<OutboxMessage, 'id' | 'at'>): OutboxMessage {
    return keep(this.outbox, { id: randomUUID(), ...message, at: new Date().toISOString() });
  }

  deliver(message: Omit<DeliveredMessage, 'id' | 'at'>): DeliveredMessage {
    return keep(this.delivered, { id: randomUUID(), ...message, at: new Date().toISOString() });
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
    const message = this.putBack(queue, { id: randomUUID(), body });
    return { MessageId: message.id, MD5OfMessageBody: createHash('md5').update(body).digest('hex') };
  }

  /** Makes a message that was taken visible again. @param queue name or URL */
  putBack(queue: string, message: QueueMessage): QueueMessage {
    keep(this.queue(queue), message);
    this.#arrivals.get(nameOf(queue))?.();
    return message;
  }

  /** Calls whenever a message has come into the queue. */
  onArrival(queue: string, call: () => void): void {
    this.#arrivals.set(nameOf(queue), call);
  }

  /** The queue's messages, oldest first; the array itself, so that a receiver can delete from it. */
  queue(nameOrUrl: string): QueueMessage[] {
    const name = nameOf(nameOrUrl);
    const known = this.#queues.get(name);
    if (known) return known;
    const made: QueueMessage[] = [];
    this.#queues.set(name, made);
    return made;
  }
}

function nameOf(nameOrUrl: string): string {
  return nameOrUrl.slice(nameOrUrl.lastIndexOf('/') + 1);
}

/** Appends, and forgets the oldest beyond what a person would ever read. */
function keep<T>(list: T[], item: T): T {
  list.push(item);
  if (list.length > keptMessages) list.shift();
  return item;
}
