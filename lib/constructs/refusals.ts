import { MockIntegration, PassthroughBehavior, type Resource } from 'aws-cdk-lib/aws-apigateway';
import { problemContentType, problems } from '../../shared/api/problem.ts';
import { acknowledge } from '../acknowledge.ts';
import { problemTemplate } from './gateway-responses.ts';

const status = String(problems.method_not_allowed.status);

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
export function refuseOtherMethods(resource: Resource, allowed: readonly string[]): void {
  const request = JSON.stringify({ statusCode: Number(status) });
  const method = resource.addMethod(
    'ANY',
    new MockIntegration({
      passthroughBehavior: PassthroughBehavior.NEVER,
      requestTemplates: Object.fromEntries(contentTypes.map((type) => [type, request])),
      integrationResponses: [
        {
          statusCode: status,
          responseParameters: {
            'method.response.header.Content-Type': `'${problemContentType}'`,
            'method.response.header.Allow': `'${[...allowed].sort().join(', ')}'`,
          },
          responseTemplates: { 'application/json': answer },
        },
      ],
    }),
    {
      methodResponses: [
        {
          statusCode: status,
          responseParameters: {
            'method.response.header.Content-Type': true,
            'method.response.header.Allow': true,
            'method.response.header.X-Request-Id': true,
          },
        },
      ],
    },
  );
  acknowledge(method, 'AwsSolutions-APIG4', 'Answers a constant 405 and reaches nothing behind the gateway.');
}

// A mock's response parameters cannot read the context, its template can.
const answer = [
  '#set($context.responseOverride.header.X-Request-Id = $context.requestId)',
  problemTemplate('method_not_allowed', 'This resource does not have the method.'),
].join('\n');
