import { type Controls, on, type Stack } from './control.ts';
import { all, any, fails, type Judgement, notKnown, when } from './judgement.ts';
import type { Subject } from './place.ts';
import { AN_ARN } from './tests.ts';

const STAGE = 'AWS::ApiGateway::Stage';

const STAGE_V2 = 'AWS::ApiGatewayV2::Stage';

/** HTTP APIs keep no execution log. */
function isOfWebSocket(stage: Subject, stack: Stack): Judgement {
  const id = stage.at('ApiId');
  for (const api of stack.all('AWS::ApiGatewayV2::Api')) {
    const same = all([api.exists(), () => id.refersTo(api)]);
    if (same.is === 'open') return same;
    if (same.is === 'holds') return api.at('ProtocolType').is('WEBSOCKET');
  }
  return notKnown(id.here, 'its API is not one of this template: it may be a WebSocket API');
}

export const apigateway: Controls = {
  'APIGateway.1': on([STAGE, STAGE_V2], (stage, stack) => {
    if (stage.type === STAGE_V2)
      return when(isOfWebSocket(stage, stack), () =>
        stage.at('DefaultRouteSettings', 'LoggingLevel').is('ERROR', 'INFO'),
      );
    const settings = stage.at('MethodSettings');
    return all([
      () =>
        settings.some(
          (setting) => setting.at('LoggingLevel').is('ERROR', 'INFO'),
          'no MethodSettings have LoggingLevel ERROR or INFO',
        ),
      () => settings.every((setting) => setting.at('LoggingLevel').isNot('OFF')),
    ]);
  }),
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
  'APIGateway.9': on(STAGE_V2, (stage) => stage.at('AccessLogSettings', 'DestinationArn').test(AN_ARN)),
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
