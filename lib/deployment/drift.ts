import {
  CloudFormationClient,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DetectStackDriftCommand,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { clientOptions, isUnreachable, type Target } from './clients.ts';
import { pages, reasonOf } from './live/reading.ts';

export type Drift = { drifts: StackResourceDrift[] } | { notJudged: string };

/**
 * CloudFormation's own comparison of the live resources with the template that was deployed. Changes nothing but the time of the
 * last detection. Waits until it is done: seconds on the emulator, up to minutes on AWS. Throws where nothing answers.
 */
export async function detectDrift(target: Target, stackName: string): Promise<Drift> {
  const client = new CloudFormationClient(clientOptions(target));
  try {
    const { StackDriftDetectionId } = await client.send(new DetectStackDriftCommand({ StackName: stackName }));
    for (;;) {
      const { DetectionStatus, DetectionStatusReason } = await client.send(
        new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId }),
      );
      // A detection that failed for some resources still has results for the others.
      if (DetectionStatus === 'DETECTION_COMPLETE') break;
      if (
        DetectionStatus === 'DETECTION_FAILED' &&
        !/failed to detect drift on resource/i.test(DetectionStatusReason ?? '')
      )
        return { notJudged: DetectionStatusReason ?? 'the detection failed' };
      if (DetectionStatus === 'DETECTION_FAILED') break;
      await new Promise((resolve) => setTimeout(resolve, target.endpoint ? 100 : 5000));
    }
    const drifts = await pages(async (NextToken) => {
      const page = await client.send(new DescribeStackResourceDriftsCommand({ StackName: stackName, NextToken }));
      return { items: page.StackResourceDrifts, next: page.NextToken };
    });
    return { drifts };
  } catch (error) {
    if (isUnreachable(error)) throw error;
    return { notJudged: reasonOf(error) };
  }
}
