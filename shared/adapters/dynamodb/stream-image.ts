import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

/** An item or a key in a record of a table's stream, read out of DynamoDB's attribute-value form. */
export const imageSchema = z
  .record(
    z.string(),
    z.custom<AttributeValue>((value) => typeof value === 'object'),
  )
  .transform((image): Readonly<Record<string, unknown>> => unmarshall(image));
export type Image = z.infer<typeof imageSchema>;
