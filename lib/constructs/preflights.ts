import { type IResource, MockIntegration, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import { preflightHeaders } from '../../shared/api/cors.ts';
import type { HttpMethod } from '../../shared/api/route.ts';
import { acknowledge } from '../acknowledge.ts';

const allowOrigin = 'Access-Control-Allow-Origin';

/** Answers a browser that asks, before a page's request, whether this page may send it. */
export function answerPreflights(
  resource: IResource,
  methods: readonly HttpMethod[],
  allowedOrigins: readonly string[],
): void {
  const constant = Object.entries(preflightHeaders(methods));
  const method = resource.addMethod(
    'OPTIONS',
    new MockIntegration({
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: { 'application/json': JSON.stringify({ statusCode: 204 }) },
      integrationResponses: [
        {
          statusCode: '204',
          responseParameters: Object.fromEntries(
            constant.map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
          ),
          responseTemplates: { 'application/json': originTemplate(allowedOrigins) },
        },
      ],
    }),
    {
      methodResponses: [
        {
          statusCode: '204',
          responseParameters: Object.fromEntries(
            [...constant.map(([name]) => name), allowOrigin].map((name) => [
              `method.response.header.${name}`,
              true,
            ]),
          ),
        },
      ],
    },
  );
  acknowledge(
    method,
    'AwsSolutions-APIG4',
    'Browsers send no token with a preflight; the answer is a constant, and reaches nothing behind the gateway.',
  );
}

/**
 * Names the origin back if it is allowed. Only a template can look at the request. Clients of HTTP/2 send header
 * names in lower case, and the gateway keeps them.
 */
function originTemplate(allowedOrigins: readonly string[]): string {
  return [
    '#set($origin = $input.params().header.get("Origin"))',
    '#if(!$origin)#set($origin = $input.params().header.get("origin"))#end',
    ...allowedOrigins.map(
      (origin) =>
        `#if($origin == "${origin}")#set($context.responseOverride.header.${allowOrigin} = $origin)#end`,
    ),
  ].join('\n');
}
