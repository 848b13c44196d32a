import { z } from 'zod';
import { analyticsEventSchema } from '../../shared/analytics/event.ts';

/** A column of the table of events, by Hive's names. */
export interface EventColumn {
  readonly name: string;
  readonly type: 'string' | 'bigint' | 'map<string,string>';
  readonly comment?: string;
}

/** Folder of a day's files: the day on which they arrived, UTC. */
export const partitionColumn = 'day';

const propertySchema = z.looseObject({ type: z.string(), description: z.string().optional() });
const schemaSchema = z.looseObject({ properties: z.record(z.string(), propertySchema) });

const types: Readonly<Record<string, EventColumn['type']>> = {
  string: 'string',
  integer: 'bigint',
  number: 'bigint',
  object: 'map<string,string>',
};

/**
 * The columns of the table, one for each member of the envelope. Hive knows lower case only; Firehose lowers the
 * names of JSON before it looks for their columns, and SQL does not tell cases apart.
 */
export function eventColumns(): EventColumn[] {
  const { properties } = schemaSchema.parse(z.toJSONSchema(analyticsEventSchema));
  return Object.entries(properties).map(([name, { type, description }]) => {
    const hive = types[type];
    if (!hive) throw new Error(`No type of a column for ${name}, which is of type ${type}`);
    return { name: name.toLowerCase(), type: hive, ...(description ? { comment: description } : {}) };
  });
}
