import { type Controls, on } from './control.ts';
import { all, any, fails, when } from './judgement.ts';
import { AN_ARN } from './tests.ts';

const STAGE = 'AWS::ApiGateway::Stage';

export const apigateway: Controls = {
  'APIGateway.1': on(STAGE, (stage) =>
    stage
      .at('MethodSettings')
      .some(
        (setting) => setting.at('LoggingLevel').is('ERROR', 'INFO'),
        'no MethodSettings have LoggingLevel ERROR or INFO',
      ),
  ),
  'APIGateway.2': on(STAGE, (stage) => stage.at('ClientCertificateId').present()),
  'APIGateway.3': on(STAGE, (stage) => stage.at('TracingEnabled').is(true)),
  'APIGateway.5': on(STAGE, (stage) =>
    stage
      .at('MethodSettings')
      .every((setting) => when(setting.at('CachingEnabled').is(true), () => setting.at('CacheDataEncrypted').is(true))),
  ),
  'APIGateway.8': on('AWS::ApiGatewayV2::Route', (route) =>
    all([() => route.at('AuthorizationType').present(), () => route.at('AuthorizationType').isNot('NONE')]),
  ),
  'APIGateway.9': on('AWS::ApiGatewayV2::Stage', (stage) =>
    stage.at('AccessLogSettings', 'DestinationArn').test(AN_ARN),
  ),
  'APIGateway.4': on('AWS::ApiGateway::Stage', (stage, stack) =>
    any(
      ['AWS::WAFv2::WebACLAssociation', 'AWS::WAFRegional::WebACLAssociation'].flatMap((type) =>
        stack
          .all(type)
          .map((association) => () => all([association.exists(), () => association.at('ResourceArn').refersTo(stage)])),
      ),
      fails(stage.here, 'no web ACL of the template is associated with it'),
    ),
  ),
};
