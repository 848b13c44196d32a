import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  EndpointType,
  IdentitySource,
  Integration,
  IntegrationType,
  LogGroupLogDestination,
  type MethodDeploymentOptions,
  MethodLoggingLevel,
  RequestAuthorizer,
  RestApi,
  type StageOptions,
} from 'aws-cdk-lib/aws-apigateway';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { constantCorsHeaders } from '../../shared/api/cors.ts';
import type { Domain, Route } from '../../shared/api/route.ts';
import { routes } from '../../shared/api/routes.ts';
import { acknowledge } from '../acknowledge.ts';
import type { DataStack } from '../data-stack.ts';
import type { StageSettings } from '../stage-settings.ts';
import { takesClientKey } from './client-keys.ts';
import { addGatewayResponses } from './gateway-responses.ts';
import { answerPreflights } from './preflights.ts';
import { refuseOtherMethods, refuseUnknownPaths } from './refusals.ts';
import { ServiceLogGroup } from './service-log-group.ts';

export interface StorefrontApiProps {
  readonly settings: StageSettings;
  readonly data: DataStack;
  /** The Lambda behind the routes of each domain. */
  readonly handlers: Readonly<Record<Domain, IFunction>>;
  readonly authorizer: IFunction;
}

const table: readonly Route[] = Object.values(routes);

/** The HTTP API, made of the route table: a row there is a method here. */
export class StorefrontApi extends Construct {
  readonly api: RestApi;
  readonly accessLogs: ILogGroup;

  constructor(scope: Construct, id: string, { settings, data, handlers, authorizer }: StorefrontApiProps) {
    super(scope, id);
    const { logGroup } = new ServiceLogGroup(this, 'AccessLogs', { settings, key: data.key });
    this.accessLogs = logGroup;
    this.api = new RestApi(this, 'Api', {
      restApiName: `storefront-${settings.stage}`,
      // An account's first API with logs needs this role; it is the account's, so it outlives this stack.
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      // CloudFront in front of the API tells the client's country, in a header that clients cannot write.
      endpointConfiguration: { types: [EndpointType.EDGE] },
      deployOptions: {
        ...stageOptions(settings),
        accessLogDestination: new LogGroupLogDestination(logGroup),
        accessLogFormat: accessLogFormat(),
      },
    });
    // Both outputs of the L2 would repeat ApiUrl.
    this.api.node.tryRemoveChild('Endpoint');
    if (settings.executionLogs === 'stack') this.keepExecutionLogs(settings, data);
    const tokenAuthorizer = new RequestAuthorizer(this, 'Authorizer', {
      handler: authorizer,
      identitySources: [IdentitySource.header('Authorization')],
      resultsCacheTtl: Duration.seconds(300),
    });
    const integrations = this.integrate(handlers);
    for (const route of table) {
      this.addRoute(route, integrations[route.domain], {
        authorizer: tokenAuthorizer,
        apiKeyRequired: settings.usagePlan !== undefined && takesClientKey(route),
      });
    }
    const { allowedOrigins } = settings.cors;
    const ownAnswers = constantCorsHeaders(allowedOrigins);
    for (const path of new Set(table.map((route) => route.path))) {
      const methods = table.filter((route) => route.path === path).map((route) => route.method);
      const resource = this.api.root.resourceForPath(path);
      refuseOtherMethods(resource, methods, ownAnswers);
      if (allowedOrigins.length > 0) answerPreflights(resource, methods, allowedOrigins);
    }
    refuseUnknownPaths(this.api.root, ownAnswers);
    addGatewayResponses(this.api, ownAnswers);
    this.explainFindings(settings);
  }

  /** API Gateway would make this log group by itself, for ever and without our key: it writes to no other. */
  private keepExecutionLogs(settings: StageSettings, { key }: DataStack): void {
    const name = `API-Gateway-Execution-Logs_${this.api.restApiId}/${settings.stage}`;
    const { logGroup } = new ServiceLogGroup(this, 'ExecutionLogs', { settings, key, name });
    this.api.deploymentStage.node.addDependency(logGroup);
  }

  private addRoute(
    route: Route,
    integration: Integration,
    { authorizer, apiKeyRequired }: { authorizer: RequestAuthorizer; apiKeyRequired: boolean },
  ): void {
    const isOpen = route.allow.includes('anyone');
    const method = this.api.root.resourceForPath(route.path).addMethod(route.method, integration, {
      operationName: route.summary,
      ...(isOpen ? {} : { authorizer }),
      ...(apiKeyRequired ? { apiKeyRequired } : {}),
    });
    if (isOpen) {
      acknowledge(method, 'AwsSolutions-APIG4', `Open to all by the contract: ${route.summary}`);
    }
  }

  /**
   * One integration and one permission for each Lambda. A permission for each method, as the L2 integration makes
   * them, would outgrow the 20 KB that a Lambda's policy may have.
   */
  private integrate(handlers: StorefrontApiProps['handlers']): Record<Domain, Integration> {
    const integrate = (handler: IFunction) => {
      handler.addPermission('ApiPermission', {
        principal: new ServicePrincipal('apigateway.amazonaws.com'),
        sourceArn: this.api.arnForExecuteApi('*', '/*', this.api.deploymentStage.stageName),
      });
      const { partition, region } = Stack.of(this);
      const path = `path/2015-03-31/functions/${handler.functionArn}/invocations`;
      return new Integration({
        type: IntegrationType.AWS_PROXY,
        integrationHttpMethod: 'POST',
        uri: `arn:${partition}:apigateway:${region}:lambda:${path}`,
      });
    };
    return {
      user: integrate(handlers.user),
      product: integrate(handlers.product),
      order: integrate(handlers.order),
      'payment-webhook': integrate(handlers['payment-webhook']),
    };
  }

  private explainFindings(settings: StageSettings): void {
    acknowledge(
      this.api,
      'AwsSolutions-APIG2',
      'The dispatcher validates every request by the schemas of the route table and names the wrong field.',
    );
    if (!settings.webAcl) {
      acknowledge(
        this.api,
        'AwsSolutions-APIG3',
        'No web ACL on this stage, for its price: throttled per stage, route and address nevertheless.',
      );
    }
    acknowledge(
      this.api,
      'AwsSolutions-COG4',
      'Identities live in Auth0; a Lambda authorizer verifies its tokens.',
    );
    acknowledge(
      this.api,
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
      'The policy that AWS keeps for this role; API Gateway accepts no narrower one.',
    );
  }
}

function stageOptions(settings: StageSettings): StageOptions {
  return {
    stageName: settings.stage,
    tracingEnabled: true,
    ...methodOptions(settings.throttle),
    methodOptions: Object.fromEntries(
      table.map((route) => [`${route.path}/${route.method}`, methodOptions(route.throttle)]),
    ),
  };
}

/** The settings of a method replace the stage's as a whole, so each one repeats logging and metrics. */
function methodOptions({ rate, burst }: { rate: number; burst: number }): MethodDeploymentOptions {
  return {
    throttlingRateLimit: rate,
    throttlingBurstLimit: burst,
    metricsEnabled: true,
    loggingLevel: MethodLoggingLevel.ERROR,
    // Bodies carry passwords and addresses.
    dataTraceEnabled: false,
  };
}

/** One line of JSON for each request, without address, user agent or anything else of a person. */
function accessLogFormat(): AccessLogFormat {
  return AccessLogFormat.custom(
    JSON.stringify({
      requestId: AccessLogField.contextRequestId(),
      extendedRequestId: AccessLogField.contextExtendedRequestId(),
      // Of the Lambda behind the route and of the authorizer: what one that was killed wrote is found by them alone.
      lambdaRequestId: AccessLogField.contextAwsEndpointRequestId(),
      authorizerRequestId: AccessLogField.contextAuthorizerRequestId(),
      time: AccessLogField.contextRequestTime(),
      method: AccessLogField.contextHttpMethod(),
      route: AccessLogField.contextResourcePath(),
      status: AccessLogField.contextStatus(),
      latencyMs: AccessLogField.contextResponseLatency(),
      integrationLatencyMs: AccessLogField.contextIntegrationLatency(),
      responseBytes: AccessLogField.contextResponseLength(),
      errorType: AccessLogField.contextErrorResponseType(),
      traceId: AccessLogField.contextXrayTraceId(),
    }),
  );
}
