# A bot answers first, finds out what it is about, and hands over; people are asked when no bot has room.
queue front needs orders>=JUNIOR bots timeout 15s
queue orders needs orders>=JUNIOR timeout 15s
agent ana orders=SENIOR
agent helper capacity 50 bot

signin helper
contact c1 front
accept helper c1
----
helper signed in
c1 queued front headstart=0s
c1 offered helper deadline=15s (bots first)
c1 accepted helper

# It passes the contact on with its summary. From here on people alone are asked, in whatever queue.
transfer helper c1 queue orders
why c1
----
c1 passed on by helper to queue orders (summary), from here on people alone are asked
c1 waits: 1 agent could take it, offline
c1 and ana: is OFFLINE;
c1 and helper: is a bot, and a bot has passed it on already;

signin ana
accept ana c1
----
ana signed in
c1 offered ana deadline=15s
c1 accepted ana

# A person who passes it to another queue begins anew there.
transfer ana c1 queue front
leave c1
----
c1 passed on by ana to queue front
c1 offered helper deadline=15s (bots first)
c1 offer revoked helper misses=0 (customer_left)
c1 ended completed

# While the bot has room it is asked, however free people are; when it has none, they are: nobody waits for a program.
contact c2 front
contact c3 front
contact c4 front
----
c2 queued front headstart=0s
c2 offered helper deadline=15s (bots first)
c3 queued front headstart=0s
c3 offered helper deadline=15s (bots first)
c4 queued front headstart=0s
c4 offered ana deadline=15s

# It takes nothing else: this queue asks people.
signout ana
contact c5 orders
why c5
----
c4 offer revoked ana misses=0 (agent_signed_out)
ana signed out (agent)
c5 queued orders headstart=0s
c5 waits: 1 agent could take it, offline; 1 contact stands before it
c5 stands behind c4, which came at the same time with a lower number
c5 and ana: is OFFLINE (agent);
c5 and helper: is a bot, and queue orders asks people; capacity 50/50, cost 25; holds 2 of at most 2 webchat;
