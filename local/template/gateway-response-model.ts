import { z } from 'zod';
import type { Resolve } from './resolve.ts';
import { resourcesOfType, type Templates } from './template.ts';

export interface GatewayResponseModel {
  /** e.g. `ACCESS_DENIED` */
  readonly type: string;
  readonly statusCode?: number;
  /** Header name to its value as written in the template: `'quoted'` or `context.…`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Media type to body template. */
  readonly templates: Readonly<Record<string, string>>;
}

const gatewayResponseProperties = z.looseObject({
  ResponseType: z.string(),
  StatusCode: z.coerce.number().optional(),
  ResponseParameters: z.record(z.string(), z.string()).default({}),
  ResponseTemplates: z.record(z.string(), z.string()).default({}),
});

export function readGatewayResponses(templates: Templates, resolve: Resolve): GatewayResponseModel[] {
  return resourcesOfType(templates, 'AWS::ApiGateway::GatewayResponse').map(({ stack, properties }) => {
    const given = gatewayResponseProperties.parse(resolve(stack, properties));
    return {
      type: given.ResponseType,
      ...(given.StatusCode === undefined ? {} : { statusCode: given.StatusCode }),
      headers: Object.fromEntries(
        Object.entries(given.ResponseParameters).map(([target, value]) => [
          target.replace(/^gatewayresponse\.header\./, ''),
          value,
        ]),
      ),
      templates: given.ResponseTemplates,
    };
  });
}
