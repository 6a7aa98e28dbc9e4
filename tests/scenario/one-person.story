# One person who calls and chats holds one place, and whoever serves the call serves the chat.
queue orders needs orders>=JUNIOR timeout 15s strategy longest_idle
agent ana orders=JUNIOR
agent bo orders=EXPERT

signin ana
contact call orders phone
signin bo
contact chat orders webchat also call
----
ana signed in
call queued orders headstart=0s
call offered ana deadline=15s
bo signed in
chat queued orders headstart=0s
chat shares a place with call
call shares a place with chat

why chat
----
chat waits: 2 agents could take it, all waiting with the customer's other contact, which is being offered
chat and bo: contacts/1 of the same customer is being offered to agents/ana, who would take both;
chat and ana: contacts/1 of the same customer is being offered to agents/ana, who would take both; capacity 100/100, cost 25;

# Ana does not answer: bo is asked, and takes both.
advance 15s
----
call offer lapsed ana misses=1
call offered bo deadline=15s

accept bo call
complete bo call
complete bo chat
----
call accepted bo
chat offered bo deadline=15s (taken along)
chat accepted bo
call ended completed
chat ended completed
