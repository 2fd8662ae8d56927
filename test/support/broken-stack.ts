import { compose } from '../../lib/cfn/compose.ts';
import { fragment, resource } from '../../lib/cfn/index.ts';

// The test bundles this file, as the command line is bundled, and looks for the lines of the two resources in the error.
const twice = [
  resource('Queue', 'AWS::SQS::Queue', { Properties: {} }),
  resource('Queue', 'AWS::SQS::Queue', { Properties: {} }),
];

try {
  compose({ name: 'x', source: 'x.ts', description: 'X: y', groups: [], fragments: [fragment('Queues', twice)] });
} catch (error) {
  process.stdout.write(JSON.stringify((error as { findings: unknown }).findings));
}
