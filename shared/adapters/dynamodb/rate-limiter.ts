import { createHash } from 'node:crypto';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import type { RateLimiter } from '../../api/rate-limit.ts';
import type { Dynamo } from './client.ts';
import { transiently } from './faults.ts';

const secondsKept = 180;
const countSchema = z.object({ hits: z.number() });

/** Counters in the Idempotency table, which expire by its TTL. One write unit a hit. */
export function createRateLimiter(client: Dynamo, table: string): RateLimiter {
  return {
    async hit(key, windowStart) {
      const { Attributes } = await transiently(() =>
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: { pk: `RATE#${digest(key)}#${windowStart.toISOString()}` },
            UpdateExpression: 'ADD hits :one SET expiresAt = :expiresAt',
            ExpressionAttributeValues: {
              ':one': 1,
              ':expiresAt': Math.floor(windowStart.getTime() / 1000) + secondsKept,
            },
            ReturnValues: 'UPDATED_NEW',
          }),
        ),
      );
      return countSchema.parse(Attributes).hits;
    },
  };
}

/** The key names a client's address, which the table need not know in order to count. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}
