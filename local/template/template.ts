import { z } from 'zod';

const resourceSchema = z.looseObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  Metadata: z.record(z.string(), z.unknown()).optional(),
});

/** The part of a CloudFormation template that the runtime reads. */
export const templateSchema = z.looseObject({
  Resources: z.record(z.string(), resourceSchema).default({}),
  Parameters: z.record(z.string(), z.looseObject({ Default: z.unknown().optional() })).default({}),
  Outputs: z
    .record(
      z.string(),
      z.looseObject({ Value: z.unknown(), Export: z.object({ Name: z.unknown() }).optional() }),
    )
    .default({}),
});

export type Template = z.infer<typeof templateSchema>;

/** A stage's templates by stack name. */
export type Templates = Readonly<Record<string, Template>>;

export interface LocatedResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Every resource of the given CloudFormation types, over all stacks, in the templates' order. */
export function resourcesOfType(templates: Templates, ...types: readonly string[]): LocatedResource[] {
  return Object.entries(templates).flatMap(([stack, template]) =>
    Object.entries(template.Resources)
      .filter(([, resource]) => types.includes(resource.Type))
      .map(([logicalId, resource]) => ({
        stack,
        logicalId,
        type: resource.Type,
        properties: resource.Properties,
        metadata: resource.Metadata ?? {},
      })),
  );
}
