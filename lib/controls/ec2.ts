import { type Controls, on } from './control.ts';
import { all, any, type Judgement, not } from './judgement.ts';
import type { Place } from './place.ts';

const WORLD = ['0.0.0.0/0', '::/0'];

function isClosed(rule: Place): Judgement {
  return all(['CidrIp', 'CidrIpv6'].map((name) => () => rule.at(name).isNot(...WORLD)));
}

export const ec2: Controls = {
  'EC2.19': {
    types: ['AWS::EC2::SecurityGroup', 'AWS::EC2::SecurityGroupIngress'],
    judge: (subject) =>
      subject.type === 'AWS::EC2::SecurityGroup'
        ? subject.at('SecurityGroupIngress').every(isClosed)
        : isClosed(subject),
  },
};
void [not, any, on];
