// What a client asks before its first real call: the methods of the node, the members of the cluster; and the health page.
import type { ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { Operation } from './interface.js';
import { refusalOf, type Node } from './node.js';
import { toServiceError } from './refusal.js';

const STREAMS = 'event_store.client.streams.Streams';

function answerSlowly<T>(node: Node, operation: Operation, answer: sendUnaryData<T>, value: () => T): void {
  const refused = refusalOf(node, { operation });
  const slow = node.faults.take('slowAnswers', { operation });
  const send = () => (refused ? answer(toServiceError(refused)) : answer(null, value()));
  if (slow) void node.pause(slow.delayMs ?? 0).then(send);
  else send();
}

export function supportedMethods(
  node: Node,
  _call: ServerUnaryCall<shared.Empty, features.SupportedMethods>,
  answer: sendUnaryData<features.SupportedMethods>,
): void {
  node.counters.featureProbes += 1;
  answerSlowly(node, 'features', answer, () => {
    const names = ['Read', 'Append', 'Delete', 'Tombstone', ...(node.options.batchAppend ? ['BatchAppend'] : [])];
    const methods = names.map((name) =>
      new features.SupportedMethod().setServiceName(STREAMS.toLowerCase()).setMethodName(name.toLowerCase()),
    );
    return new features.SupportedMethods().setEventStoreServerVersion(node.options.version).setMethodsList(methods);
  });
}

export function clusterMembers(
  node: Node,
  _call: ServerUnaryCall<shared.Empty, gossip.ClusterInfo>,
  answer: sendUnaryData<gossip.ClusterInfo>,
): void {
  node.counters.gossips += 1;
  answerSlowly(node, 'gossip', answer, () =>
    new gossip.ClusterInfo().setMembersList([
      new gossip.MemberInfo()
        .setInstanceId(new shared.UUID().setString(crypto.randomUUID()))
        .setTimeStamp(String(Date.now()))
        .setState(gossip.MemberInfo.VNodeState.LEADER)
        .setIsAlive(true)
        .setHttpEndPoint(new gossip.EndPoint().setAddress('127.0.0.1').setPort(node.port)),
    ]),
  );
}

export function healthPage(request: IncomingMessage, response: ServerResponse): void {
  response.statusCode = request.url === '/health/live' ? 204 : 404;
  response.end();
}
