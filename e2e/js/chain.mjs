// Does a wallet's own library understand the chain, with no custom types?
//
// Reads every storage item of the chain's own pallets, buys the use right $USUFRUCT_UID for
// $USUFRUCT_TERM blocks as //Dave on the node at $USUFRUCT_URL, and follows the event. What it
// found goes to standard output as one JSON document; what is wrong ends it with status 1.

import { strict as assert } from 'node:assert';
import { ApiPromise, Keyring, WsProvider } from '@polkadot/api';

const PALLETS = [
	'nodeRegistry', 'useRights', 'revenueRights', 'market', 'workspaces', 'proofOfCompute', 'applications',
	'pomcRewards', 'validatorSet',
];
const DEADLINE_MS = 60_000;

const need = (name) => {
	const value = process.env[name];
	assert(value, `${name} is not set`);
	return value;
};

// The number of entries of a map, 1 for a value: decoding each is the point.
const readAll = async (api) => {
	const found = {};
	for (const pallet of PALLETS) {
		assert(api.query[pallet], `the metadata has no pallet ${pallet}`);
		found[pallet] = {};
		for (const [item, query] of Object.entries(api.query[pallet])) {
			if (query.creator.meta.type.isMap) {
				const entries = await query.entries();
				entries.forEach(([key, value]) => [key.toHuman(), value.toHuman()]);
				found[pallet][item] = entries.length;
			} else {
				(await query()).toHuman();
				found[pallet][item] = 1;
			}
		}
		assert(Object.keys(found[pallet]).length > 0, `${pallet} shows no storage`);
	}
	return found;
};

// Resolves with the events of the transaction and its block's hash once it is in one.
const send = (api, call, signer) => new Promise((resolve, reject) => {
	const late = setTimeout(() => reject(new Error('no block took the transaction')), DEADLINE_MS);
	call.signAndSend(signer, ({ status, events, dispatchError }) => {
		if (!status.isInBlock) return;
		clearTimeout(late);
		if (!dispatchError) {
			return resolve({ events: events.map(({ event }) => event), hash: status.asInBlock });
		}
		const error = dispatchError.isModule
			? api.registry.findMetaError(dispatchError.asModule)
			: { section: 'dispatch', name: dispatchError.toString() };
		reject(new Error(`${error.section}.${error.name}`));
	}).catch(reject);
});

const main = async () => {
	const provider = new WsProvider(need('USUFRUCT_URL'));
	const api = await ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true });
	const storage = await readAll(api);

	const uid = need('USUFRUCT_UID');
	const listing = (await api.query.market.listings(uid)).unwrap();
	const price = listing.price.toBigInt();
	assert(price > 0n, 'a listing has its price');
	const buyer = new Keyring({ type: 'sr25519' }).addFromUri('//Dave');
	const { events, hash } = await send(api, api.tx.market.buy(uid, need('USUFRUCT_TERM'), price), buyer);
	const bought = events.find((event) => api.events.market.Bought.is(event));
	assert(bought, 'the purchase has its event');
	assert.equal(bought.data.uid.toString(), uid);
	assert.equal(bought.data.buyer.toString(), buyer.address);

	// Explorers read blocks, not only state: the purchase is in one, with its call.
	const { block } = await api.rpc.chain.getBlock(hash);
	const calls = block.extrinsics.map(({ method }) => `${method.section}.${method.method}`);
	assert(calls.includes('market.buy'), `the block holds ${calls}`);

	const escrow = bought.data.escrow.toString();
	console.log(JSON.stringify({ storage, bought: { uid, escrow, price: price.toString() } }));
	await api.disconnect();
};

main().then(() => process.exit(0), (error) => {
	console.error(error);
	process.exit(1);
});
