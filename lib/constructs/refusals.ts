import { type IResource, MockIntegration, PassthroughBehavior } from 'aws-cdk-lib/aws-apigateway';
import { type ProblemCode, problemContentType, problems } from '../../shared/api/problem.ts';
import { acknowledge } from '../acknowledge.ts';
import { problemTemplate } from './gateway-responses.ts';

// A mock needs a template for the body's content type, and gateways know no wildcard.
const contentTypes = [
  'application/json',
  'application/merge-patch+json',
  'application/octet-stream',
  'application/x-www-form-urlencoded',
  'application/xml',
  'multipart/form-data',
  'text/csv',
  'text/plain',
  'text/xml',
];

/**
 * Answers 405 on every method that a resource does not have. Without it API Gateway would claim that the
 * resource itself is missing.
 */
export function refuseOtherMethods(
  resource: IResource,
  allowed: readonly string[],
  headers: Readonly<Record<string, string>>,
): void {
  refuse(resource, 'method_not_allowed', 'This resource does not have the method.', {
    Allow: [...allowed].sort().join(', '),
    ...headers,
  });
}

/**
 * Answers 404 on every path that the API does not have. Left to itself API Gateway takes an unknown path's
 * Authorization header for an AWS signature and complains of that.
 */
export function refuseUnknownPaths(root: IResource, headers: Readonly<Record<string, string>>): void {
  for (const resource of [root, root.addResource('{proxy+}')]) {
    refuse(resource, 'not_found', 'There is no such route.', headers);
  }
}

function refuse(
  resource: IResource,
  code: ProblemCode,
  detail: string,
  headers: Readonly<Record<string, string>>,
): void {
  const { status: statusNumber } = problems[code];
  const status = String(statusNumber);
  const request = JSON.stringify({ statusCode: statusNumber });
  const constant = Object.entries({ 'Content-Type': problemContentType, ...headers });
  const method = resource.addMethod(
    'ANY',
    new MockIntegration({
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: Object.fromEntries(contentTypes.map((type) => [type, request])),
      integrationResponses: [
        {
          statusCode: status,
          responseParameters: Object.fromEntries(
            constant.map(([name, value]) => [`method.response.header.${name}`, `'${value}'`]),
          ),
          responseTemplates: { 'application/json': answer(code, detail) },
        },
      ],
    }),
    {
      methodResponses: [
        {
          statusCode: status,
          responseParameters: Object.fromEntries(
            [...constant.map(([name]) => name), 'X-Request-Id'].map((name) => [
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
    'Answers a constant refusal and reaches nothing behind the gateway.',
  );
}

// A mock's response parameters cannot read the context, its template can.
function answer(code: ProblemCode, detail: string): string {
  const override = '#set($context.responseOverride.header.X-Request-Id = $context.requestId)';
  return `${override}\n${problemTemplate(code, detail)}`;
}
