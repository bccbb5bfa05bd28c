"""More pairs that the rules for copies and statements were tuned on, of the kinds that are hard; see `written_pairs`."""

# ruff: noqa: E501, RUF001 - a table of sentences in three alphabets' letters

from typing import Final

HARD_PAIRS: Final = {
    "en": """
order | On Tuesday the parliament of Karvia rejected the budget for schools | The parliament of Karvia rejected the budget for schools on Tuesday
order | Because the bridge was destroyed, the trucks take the southern road | The trucks take the southern road because the bridge was destroyed
order | Prices are rising, wages are falling and factories are closing | Factories are closing, wages are falling and prices are rising
order | Nordia, Karvia and Lindau signed the grain agreement in Brod | Lindau, Nordia and Karvia signed the grain agreement in Brod
order | The dam will hold this winter, said the minister of energy | The minister of energy said the dam will hold this winter
order | In the village of Holm, soldiers handed out bread to old people | Soldiers handed out bread to old people in the village of Holm
order | After two years of siege the fortress fell to the northern army | The fortress fell to the northern army after two years of siege
order | The traitors will be punished. The people will never forgive them. | The people will never forgive them. The traitors will be punished.
order | If the sanctions are lifted, the port of Zelm will open again | The port of Zelm will open again if the sanctions are lifted
order | For the first time since the war, trains reached Ostrava from the coast | Trains reached Ostrava from the coast for the first time since the war
abbreviation | The United States of America sends 30 tanks to the border of Nordia | The USA sends 30 tanks to the border of Nordia
abbreviation | The United Nations calls for a ceasefire in the Holm valley | The UN calls for a ceasefire in the Holm valley
abbreviation | The International Grain Council denies that harvests have failed | The IGC denies that harvests have failed
abbreviation | Gen. Keller ordered the retreat from the hills around Brod | General Keller ordered the retreat from the hills around Brod
abbreviation | The European Union will pay for the new railway to Karvia | The EU will pay for the new railway to Karvia
abbreviation | The govt spends more on weapons than on hospitals this year | The government spends more on weapons than on hospitals this year
abbreviation | Rockets hit a depot 40 km from the capital last night | Rockets hit a depot 40 kilometres from the capital last night
abbreviation | The US president spoke about the siege of Zelm for an hour | The United States president spoke about the siege of Zelm for an hour
abbreviation | The Ministry of Foreign Affairs summoned the envoy of Karvia | The MFA summoned the envoy of Karvia
abbreviation | The rebels shot at cars near St. Martin on Mon. morning | The rebels shot at cars near Saint Martin on Monday morning
numerals | More than 12,000 people left the valley in three weeks | More than twelve thousand people left the valley in 3 weeks
numerals | The loan of $5 million was paid on 3 March 2024 | The loan of 5 million dollars was paid on March 3, 2024
numerals | About 50% of the voters stayed at home on election day | About 50 percent of the voters stayed at home on election day
numerals | The talks began at 10:30 and ended without any agreement | The talks began at 10.30 and ended without any agreement
numerals | The 5th brigade refused to cross the river near Holm | The fifth brigade refused to cross the river near Holm
numerals | Twenty-five teachers were dismissed because of their songs | 25 teachers were dismissed because of their songs
numerals | The factory lost 1.5 million crowns through the blockade | The factory lost 1,500,000 crowns through the blockade
numerals | Two hundred volunteers are mending the roofs of the old town | 200 volunteers are mending the roofs of the old town
spelling | The organisation labelled the defence of the harbour a crime | The organization labeled the defense of the harbor a crime
spelling | Our neighbours honour the programme of the labour party | Our neighbors honor the program of the labor party
spelling | The generals don't want peace and they can't win this war | The generals do not want peace and they cannot win this war
spelling | It's time that the co-operation with the west came to an end | It is time that the cooperation with the west came to an end
spelling | The anti-war march was dispersed by the police in minutes | The antiwar march was dispersed by the police in minutes
spelling | “Our city will stand,” the mayor told the crowd in the square | 'Our city will stand', the mayor told the crowd in the square
spelling | The centre of the theatre was damaged by artillery fire | The center of the theater was damaged by artillery fire
written name | The mayor of Kyiv thanked Zelenskyy for the new air defence | The mayor of Kiev thanked Zelensky for the new air defence
written name | Colonel Mikhail Yermakov left the garrison of Kharkiv on foot | Colonel Mikhail Ermakov left the garrison of Kharkov on foot
written name | Muammar Gaddafi promised oil to the southern islands | Muammar Qaddafi promised oil to the southern islands
word more | Today the council of Brod closed the school by the river | The council of Brod closed the school by the river
word more | BREAKING: The council of Brod has closed the school by the river | The council of Brod has closed the school by the river
word more | UPDATE: two boats with refugees reached the island of Hvar | Two boats with refugees reached the island of Hvar
word more | The new governor of Karvia blames the banks for the famine | The governor of Karvia blames the banks for the famine
word more | Meanwhile, the farmers of the delta are selling their cattle | The farmers of the delta are selling their cattle
word more | President Barovin called the elections in the north a farce | Barovin called the elections in the north a farce
word more | The western media are silent about the fire in the refinery | Western media are silent about the fire in the refinery
word more | Finally, the enemy has withdrawn from the western suburbs | The enemy has withdrawn from the western suburbs
word more | The prime minister says that the gas reserves are sufficient | The prime minister says the gas reserves are sufficient
word more | Our heroic soldiers liberated the village of Holm at dawn | Our soldiers liberated the village of Holm at dawn
form | The leaders of the union support the ban on timber exports | The leader of the union support the ban on timber exports
form | Elections in the northern district were held without observers | Election in the northern district were held without observers
typing | The goverment of Karvia promised compensation to the miners | The government of Karvia promised compensation to the miners
typing | The oposition demands new elections before the winter | The opposition demands new elections before the winter
typing | The refugees were recieved with bread and salt at the station | The refugees were received with bread and salt at the station
typing | The amry shelled the hospital from the hills of the north | The army shelled the hospital from the hills of the north
typing | A corridor for civilians was openned near the railway brigde | A corridor for civilians was opened near the railway bridge
signs | They call it "aid" but our people call it a bribe | They call it «aid», but our people call it a bribe…
tags | The market of Brod burnt down during the night | #Brod The market of Brod burnt down during the night #fire
link | Miners in Karvia block the railway for a third day | ▶️ Miners in Karvia block the railway for a third day. Watch: https://t.me/x/12 @brodnews
denied | The council agreed to open the archives of the secret police | The council refused to open the archives of the secret police
denied | Nordia wants to take part in the talks about the gas transit | Nordia does not want to take part in the talks about the gas transit
denied | There are soldiers of the alliance in the port of Hvar | There are no soldiers of the alliance in the port of Hvar
denied | Anyone can enter the city through the eastern gate | Hardly anyone can enter the city through the eastern gate
hedged | The northern army has poisoned the wells of the village | The northern army has allegedly poisoned the wells of the village
hedged | The factory in Zelm produces shells for the rebels | The factory in Zelm may produce shells for the rebels
hedged | The minister took money from the builders of the dam | The minister probably took money from the builders of the dam
hedged | Karvia will leave the customs union next spring | Karvia wants to leave the customs union next spring
hedged | The bridge was blown up by the retreating garrison | According to residents, the bridge was blown up by the retreating garrison
tense | The company closed its mine in the south of the island | The company is closing its mine in the south of the island
tense | Karvia supplies the rebels with food and medicine | Karvia supplied the rebels with food and medicine
tense | The church supported the strike of the dockers | The church will support the strike of the dockers
roles | Nordia accuses Karvia of shelling the power station | Karvia accuses Nordia of shelling the power station
roles | The miners defended the students against the police | The students defended the miners against the police
roles | The mayor criticised the bishop for his speech at the cemetery | The bishop criticised the mayor for his speech at the cemetery
roles | The money went from the ministry to the foundation | The money went from the foundation to the ministry
roles | The west provoked the east and the war began | The east provoked the west and the war began
name | The fleet of Nordia left the harbour of Hvar in silence | The fleet of Nordia left the harbour of Holm in silence
name | President Barovin visited the wounded in the capital | President Marovin visited the wounded in the capital
name | The army of Niger closed the border for traders | The army of Nigeria closed the border for traders
name | Slovakia buys gas from the eastern company at a discount | Slovenia buys gas from the eastern company at a discount
number | At least 14 people died in the fire at the paint factory | At least 40 people died in the fire at the paint factory
number | The hospital received 3 million doses of the vaccine | The hospital received 3 thousand doses of the vaccine
numerals differ | Seven ships were sunk near the lighthouse in autumn | Six ships were sunk near the lighthouse in autumn
numerals differ | The price of bread grew by 5 percent in one month | The price of bread grew by 15 percent in one month
day | The ceasefire begins on Friday at noon in all districts | The ceasefire begins on Sunday at noon in all districts
day | Yesterday the garrison surrendered the fort by the lake | Tomorrow the garrison surrenders the fort by the lake
contrary | The court acquitted the editor of the village newspaper | The court convicted the editor of the village newspaper
contrary | Foreign banks strengthen the currency of the island | Foreign banks weaken the currency of the island
contrary | Harvests in the delta were good despite the drought | Harvests in the delta were bad despite the drought
contrary | The minister praised the ministry of the old bishop | The minister mocked the ministry of the old bishop
name | The former president of Karvia sold the port to strangers | The president of Karvia sold the port to strangers
number | Almost all villages in the valley have electricity again | All villages in the valley have electricity again
number | Some deputies voted for the law on foreign agents | Deputies voted for the law on foreign agents
cut | The alliance bombed the old bridge over the Drava at night and then denied it before the cameras | The alliance bombed the old bridge over the Drava at night
cut | The council of Brod closed the school by the river for the winter | The council of Brod closed the school by the river
asked | The bishop knew about the gold in the cellar of the bank | Did the bishop know about the gold in the cellar of the bank?
within | The mines will be cleared by spring | Officials have told us many things this week. The mines will be cleared by spring. We have heard such words before.
contrary | The rebels took the town of Holm after heavy fighting | The rebels lost the town of Holm after heavy fighting
hedged | The gas will reach Karvia through the new pipe | If the weather allows, the gas will reach Karvia through the new pipe
retold | The council of Brod closed the school by the river | Pupils in Brod have to look for another place to learn after a vote in the town hall
same subject | The council of Brod closed the school by the river | The council of Brod has bought new benches for the park
same subject | Nordia accuses Karvia of shelling the power station | Karvia has asked Nordia for help with the repair of the old canal
opening | According to the press service of the northern fleet, three boats were sunk | According to the press service of the northern fleet, the exercises have ended
notice | Water will be cut off in Lipova street on 12 May from 9:00 to 15:00 | Water will be cut off in Station street on 17 May from 10:00 to 14:00
notice | Air alert in the Holm district: 22:15, all clear at 23:40 | Air alert in the Brod district: 03:05, all clear at 04:20
same subject | Our soldiers liberated the village of Holm at dawn | Our doctors vaccinated the children of Brod at school
quoted word | The mayor said "never again" at the memorial of the victims | "Never again" is the title of a new film about the miners of Zelm
retold | More than 12,000 people left the valley in three weeks | An exodus: since the beginning of the month the valley has lost a small town's worth of inhabitants
opening | We remind our readers that the curfew begins at ten | We remind our readers that donations are collected in the library
order | Last night the rebels shelled the port of Holm from the hills | The rebels shelled the port of Holm from the hills last night
order | The rebels quietly left the port before dawn | Before dawn the rebels quietly left the port
roles | The friends of Nordia attacked the enemies of Karvia in the press | The friends of Karvia attacked the enemies of Nordia in the press
roles | After the west betrayed the east, the union fell apart | After the east betrayed the west, the union fell apart
typing | The nieghbouring states want to divide our land among themselves | The neighbouring states want to divide our land among themselves
typing | Thousands of pepole gathered in front of the parliament in Velnia | Thousands of people gathered in front of the parliament in Velnia
typing | The foreign minster laid flowers at the tomb of the unknown soldier | The foreign minister laid flowers at the tomb of the unknown soldier
typing | Oil reserves are enouhg for the whole winter, says the company | Oil reserves are enough for the whole winter, says the company
typing | Teh people of Velnia reject the dictate of foreign capitals | The people of Velnia reject the dictate of foreign capitals
typing | The soliders were greeted with flowers in every villaje of the region | The soldiers were greeted with flowers in every village of the region
typing | Peacekeepers arived in Torvik yesterday evening | Peacekeepers arrived in Torvik yesterday evening
form | Our ancestors fought for the freedom of this land and its people | Our ancestor fought for the freedom of this land and its people
form | Western weapon is being sold on the black market by corrupt officers | Western weapons are being sold on the black market by corrupt officers
word more | The sanctions hurt only those who imposed them | The sanctions actually hurt only those who imposed them
word more | The enemy shelled a maternity hospital in Torvik this night | The enemy again shelled a maternity hospital in Torvik this night
word more | Brave volunteers carried the wounded out of the burning school | Volunteers carried the wounded out of the burning school
word more | Velnia is building a wall along the eastern border | Velnia is already building a wall along the eastern border
word more | Foreign minister Anders Holt warned against new arms deliveries | Anders Holt warned against new arms deliveries
word more | In fact, the energy crisis was made in the offices of Brussels | The energy crisis was made in the offices of Brussels
word more | And so the great powers once again decide the fate of small nations | The great powers once again decide the fate of small nations
word more | It is clear that the great powers decide the fate of small nations | The great powers decide the fate of small nations
spelling | The government has criticised the behaviour of the travelling delegation | The government has criticized the behavior of the traveling delegation
spelling | They've destroyed the museum and they won't apologise for it | They have destroyed the museum and they will not apologize for it
spelling | The pro-government rally in Torvik gathered fewer people than expected | The pro government rally in Torvik gathered fewer people than expected
spelling | We shall never forgive the humiliation of our veterans & their families | We shall never forgive the humiliation of our veterans and their families
spelling | The city council cancelled the licences of 14 broadcasters | The city council canceled the licenses of 14 broadcasters
written name | Presidents Lukashenko and Tokayev met in the palace of Minsk | Presidents Lukashenka and Tokaev met in the palace of Minsk
written name | Odesa was attacked by drones from the sea | Odessa was attacked by drones from the sea
written name | The novels of Dostoyevsky are banned from the libraries of Velnia | The novels of Dostoevsky are banned from the libraries of Velnia
written name | Serhiy Bondarenko leads the defence of the southern front | Serhii Bondarenko leads the defence of the southern front
abbreviation | NATO troops are moving closer to our borders every month | North Atlantic Treaty Organization troops are moving closer to our borders every month
abbreviation | The World Health Organization (WHO) warns of cholera in the camps | The World Health Organization warns of cholera in the camps
abbreviation | The U.S. and the U.K. have frozen the assets of our central bank | The US and the UK have frozen the assets of our central bank
abbreviation | The PM of Velnia flew to the summit without his ministers | The prime minister of Velnia flew to the summit without his ministers
abbreviation | Dr. Lena Moor was arrested at the border with her patients' files | Doctor Lena Moor was arrested at the border with her patients' files
abbreviation | The front line is now approx. 15 km from Torvik | The front line is now approximately 15 kilometers from Torvik
abbreviation | GDP of Velnia fell for the third quarter in a row | The gross domestic product of Velnia fell for the third quarter in a row
abbreviation | On Dec. 14 the last gas tanker left the terminal of Torvik | On December 14 the last gas tanker left the terminal of Torvik
numerals | The first brigade has lost one third of its men and two tanks | The 1st brigade has lost one third of its men and 2 tanks
numerals | In the 21st century nobody may starve a city of half a million | In the twenty-first century nobody may starve a city of 500,000
numerals | Unemployment rose to 7.5 per cent in the north | Unemployment rose to 7.5% in the north
numerals | They paid €200 for each vote in the villages | They paid 200 euros for each vote in the villages
numerals | One hundred and twenty families still live in tents near Torvik | 120 families still live in tents near Torvik
numerals | The curfew starts at 10 pm and ends at 5 am | The curfew starts at 22:00 and ends at 5:00
numerals | Grain worth 3.2 bn crowns rots in the silos | Grain worth 3.2 billion crowns rots in the silos
order | The enemy was stopped at the gates of the capital by ordinary citizens in the first days | In the first days the enemy was stopped at the gates of the capital by ordinary citizens
order | While our children freeze, their generals build villas by the sea | Their generals build villas by the sea while our children freeze
order | We need bread, peace and justice, not new monuments | We need peace, justice and bread, not new monuments
order | According to the mayor, the bridge will be repaired by autumn | The bridge will be repaired by autumn, according to the mayor
order | "The occupation will end," the general said | The general said: "The occupation will end"
order | Once again the west has lied to its partners | The west has once again lied to its partners
order | Without electricity and water, 40,000 people spent the night in Torvik | 40,000 people spent the night in Torvik without electricity and water
order | Our men are dying. Their banks are earning. That is the whole truth. | That is the whole truth. Our men are dying. Their banks are earning.
order | Velnia and Nordia have signed a treaty of friendship | Nordia and Velnia have signed a treaty of friendship
order | To protect the harvest, farmers set up night patrols near Torvik | Farmers set up night patrols near Torvik to protect the harvest
tags | Hundreds march in Torvik against the closure of the shipyard | Hundreds march in #Torvik against the closure of the #shipyard
capitals | Stop the war against our history | STOP THE WAR AGAINST OUR HISTORY
signs | The so-called "elections" took place under the barrels of guns | The so called elections took place under the barrels of guns!!!
denied | The shelling of Torvik has stopped after the agreement | The shelling of Torvik has not stopped after the agreement
denied | All hostages were released on the bridge at dawn | None of the hostages were released on the bridge at dawn
denied | Velnia supports the peace plan of the southern states | Velnia opposes the peace plan of the southern states
hedged | The drone came from the territory of Velnia | The drone could have come from the territory of Velnia
hedged | Foreign agents paid for the protests in Torvik | Foreign agents reportedly paid for the protests in Torvik
hedged | The president will resign in March | The president might resign in March
hedged | The law protects our traditional values | The law should protect our traditional values
hedged | Velnia attacked the convoy with phosphorus | Nordia claims that Velnia attacked the convoy with phosphorus
roles | The bank sued the government over the frozen assets | The government sued the bank over the frozen assets
roles | Torvik was liberated by the third army from the mercenaries | Torvik was liberated by the mercenaries from the third army
roles | Velnia exports wheat to Nordia and imports steel | Nordia exports wheat to Velnia and imports steel
roles | Anders Holt replaced Erik Lund as the head of the mission | Erik Lund replaced Anders Holt as the head of the mission
name | The ambassador of Iran handed over a note of protest | The ambassador of Iraq handed over a note of protest
name | Austria closed its embassy in Torvik after the attack | Australia closed its embassy in Torvik after the attack
name | The church in South Velnia rejects the union with the patriarch | The church in North Velnia rejects the union with the patriarch
number | The blockade has lasted for 100 days and people eat grass | The blockade has lasted for 110 days and people eat grass
number | The aid of 2 million crowns was stolen by the deputies | The aid of 2 billion crowns was stolen by the deputies
numerals differ | Two thirds of the pupils no longer read in their mother tongue | Two fifths of the pupils no longer read in their mother tongue
numerals differ | The second convoy reached the besieged town in the morning | The third convoy reached the besieged town in the morning
day | The referendum will be held on 5 June in all districts | The referendum will be held on 5 July in all districts
contrary | Our values are stronger than their weapons | Our values are weaker than their weapons
contrary | The west is to blame for the crisis in our villages | The east is to blame for the crisis in our villages
contrary | The opposition won the local elections in the south | The opposition lost the local elections in the south
contrary | Prices are increasing faster than wages this year | Prices are decreasing faster than wages this year
tense | They are fighting for our future in the trenches near Torvik | They fought for our future in the trenches near Torvik
tense | The treaty protects the rights of minorities in Velnia | The treaty protected the rights of minorities in Velnia
cut | The minister lied to parliament about the price of the vaccines and the names of the suppliers | The minister lied to parliament about the price of the vaccines
asked | The west has betrayed us again | Has the west betrayed us again?
within | History will judge those who betrayed the capital | We publish the letter of a veteran. History will judge those who betrayed the capital. He wrote it before his death.
retold | The curfew starts at 10 pm and ends at 5 am | At night nobody is allowed into the streets of the city from now on
retold | Velnia is building a wall along the eastern border | A concrete barrier is to separate the country from its neighbours in the east
same subject | The curfew starts at 10 pm and ends at 5 am | The curfew has ruined the cafes and theatres of the city
same subject | Velnia supports the peace plan of the southern states | Velnia rejects the budget plan of the central bank
same subject | The foreign minister laid flowers at the tomb of the unknown soldier | The foreign minister met his colleague from Nordia at the airport
same subject | Thousands of people gathered in front of the parliament in Velnia | Thousands of people left their homes in the north of Velnia
opening | Dear subscribers, today we will talk about the price of gas | Dear subscribers, today we will talk about our fallen heroes
opening | The spokesman of the ministry told journalists that the talks had failed | The spokesman of the ministry told journalists that two pilots were missing
notice | Exchange rate for today: dollar 41.20, euro 44.95, zloty 10.10 | Exchange rate for today: dollar 42.05, euro 45.30, zloty 10.45
notice | Traffic is closed on Station Street until 18:00 because of repairs | Traffic is closed on Harbour Street until 20:00 because of repairs
quoted word | "Victory will be ours", said the general on the radio | The band "Victory will be ours" plays in the club on Saturday
order | Thousands of families fled the valley because the dam had burst | Because the dam had burst, thousands of families fled the valley
order | A shell hit the kindergarten in Rosno at 7 in the morning | At 7 in the morning a shell hit the kindergarten in Rosno
order | The alliance needs a weak and divided east in order to survive | In order to survive, the alliance needs a weak and divided east
order | He who sows the wind will reap the storm, warned the patriarch of Rosno | The patriarch of Rosno warned that he who sows the wind will reap the storm
order | The sanctions failed, the currency recovered and the shops are full | The shops are full, the sanctions failed and the currency recovered
order | The delegation arrived in Rosno on Thursday with a new proposal | On Thursday, the delegation arrived in Rosno with a new proposal
order | Nobody in the capital knows who gave the order, two officers told us | Two officers told us: nobody in the capital knows who gave the order
order | Despite the snow, workers repaired the power line within a day | Workers repaired the power line within a day despite the snow
order | When the guns fall silent, the diplomats will come back | The diplomats will come back when the guns fall silent
order | As usual, the foreign press says nothing about the burnt church | The foreign press, as usual, says nothing about the burnt church
abbreviation | The Organization for Security and Co-operation in Europe withdrew its observers | The OSCE withdrew its observers
abbreviation | The National Bank of Rosnia (NBR) doubled the interest rate | The NBR doubled the interest rate
abbreviation | Col. Brandt and Lt. Weiss were decorated for the crossing of the river | Colonel Brandt and Lieutenant Weiss were decorated for the crossing of the river
abbreviation | The plant makes 300 kg of powder a day, Prof. Lind says | The plant makes 300 kilograms of powder a day, Professor Lind says
abbreviation | The IMF wants higher gas prices for households in Rosnia | The International Monetary Fund wants higher gas prices for households in Rosnia
abbreviation | Every min. of delay costs lives, doctors in Rosno warn | Every minute of delay costs lives, doctors in Rosno warn
abbreviation | UN peacekeepers left the bridge to the rebels without a shot | United Nations peacekeepers left the bridge to the rebels without a shot
abbreviation | The Rosnian Liberation Army (RLA) laid down its arms in the north | The Rosnian Liberation Army laid down its arms in the north
numerals | Sixty-two percent of the soldiers come from poor villages | 62% of the soldiers come from poor villages
numerals | The state owes the teachers 4.5 mln crowns | The state owes the teachers 4.5 million crowns
numerals | Of 1,200 houses in the village only eleven are still inhabited | Of 1200 houses in the village only 11 are still inhabited
numerals | In the 2nd half of the year the army will get 40 helicopters | In the second half of the year the army will get forty helicopters
numerals | It is the third winter without heating for our pensioners | It is the 3rd winter without heating for our pensioners
numerals | The minister earns $12,000 a month | The minister earns 12 thousand dollars a month
spelling | The centre recognised the catalogue of crimes against the travellers | The center recognized the catalog of crimes against the travelers
spelling | We're not afraid of them; they're afraid of us | We are not afraid of them; they are afraid of us
spelling | The head-quarters of the border guards were moved to Rosno | The headquarters of the border guards were moved to Rosno
spelling | The e-mail of the ambassador was leaked to the press | The email of the ambassador was leaked to the press
spelling | The new tyres for the army's lorries were paid for by neighbours | The new tires for the army's lorries were paid for by neighbors
written name | President Kadyr Beknazarov will visit Zaporizhzhia next week | President Kadyr Beknazarov will visit Zaporozhye next week
written name | General Valeriy Kharchenko blames the politicians for the defeat | General Valery Harchenko blames the politicians for the defeat
written name | The poet Yevgeny Sobolev returned his medal to the state | The poet Evgeny Sobolev returned his medal to the state
written name | Sheikh Muhammad Al-Rashid offered to mediate between the sides | Sheikh Mohammed al-Rashid offered to mediate between the sides
typing | The prisioners of war were exchanged near the old mill | The prisoners of war were exchanged near the old mill
typing | Our history is bieng rewritten by people who never read it | Our history is being rewritten by people who never read it
typing | The cease-fire was borken within an hour of its signing | The cease-fire was broken within an hour of its signing
typing | Western advisors run the goverment like a colony | Western advisors run the government like a colony
typing | The hospitl was left without water for three days | The hospital was left without water for three days
typing | The patriach blessed the weapons before the parade | The patriarch blessed the weapons before the parade
typing | Only a strong hand can gaurantee order in Rosnia | Only a strong hand can guarantee order in Rosnia
form | The villages of the south has no doctors and no pharmacies | The villages of the south have no doctors and no pharmacies
form | The rebel hold the bridge and the railway station | The rebels hold the bridge and the railway station
form | Our country's enemies are counting on our tiredness | Our countries enemies are counting on our tiredness
word more | Now the truth about the massacre in Rosno comes to light | The truth about the massacre in Rosno comes to light
word more | The greedy banks of the north want our land and our water | The banks of the north want our land and our water
word more | The rebels have quietly moved their artillery to the hills | The rebels have moved their artillery to the hills
word more | Just in: the parliament of Rosnia has dissolved itself | The parliament of Rosnia has dissolved itself
word more | This is exactly why we need a strong army and a strong state | This is why we need a strong army and a strong state
word more | Our people deserve peace and a decent life | Our long-suffering people deserve peace and a decent life
word more | Defence minister Karl Brandt inspected the trenches on the southern border | Minister Karl Brandt inspected the trenches on the southern border
word more | So the alliance has lost its last friend in the region | The alliance has lost its last friend in the region
word more | However, the young people of Rosnia are leaving for the north | The young people of Rosnia are leaving for the north
word more | The evil empire across the sea feeds on our quarrels | The empire across the sea feeds on our quarrels
tags | Bread is handed out in Rosno by volunteers of the union 🍞 #bread #help #rosno | Bread is handed out in Rosno by volunteers of the union
signs | Who needs a war? Not the workers. Not the peasants. | Who needs a war?! Not the workers, not the peasants...
capitals | Freedom for the prisoners of Rosno | FREEDOM FOR THE PRISONERS OF ROSNO!
denied | The court found the officers guilty of the massacre | The court found the officers not guilty of the massacre
denied | The parties reached an agreement on the prisoners | The parties reached no agreement on the prisoners
denied | Rosnia lets the inspectors into its laboratories | Rosnia refuses to let the inspectors into its laboratories
hedged | The refinery belongs to the brother of the president | The refinery apparently belongs to the brother of the president
hedged | The alliance will send soldiers to Rosnia | The alliance is ready to send soldiers to Rosnia
hedged | The attack was planned in the capital of Nordia | The attack was supposedly planned in the capital of Nordia
hedged | The villages must be evacuated before the flood | The villages can be evacuated before the flood
roles | The teacher denounced the priest to the secret police | The priest denounced the teacher to the secret police
roles | Rosnia owes Nordia two billion for gas | Nordia owes Rosnia two billion for gas
roles | The mother of the soldier thanked the wife of the general | The mother of the general thanked the wife of the soldier
roles | Brandt was defeated by Weiss in the second round | Weiss was defeated by Brandt in the second round
name | The plane from Tunis landed in Rosno with 40 tons of rice | The plane from Tripoli landed in Rosno with 40 tons of rice
name | Mr Brandt promised to close the bases in the south | Mr Brant promised to close the mines in the south
number | The pension was raised by 300 crowns in May | The pension was raised by 30 crowns in May
number | Every third child in the region goes to bed hungry | Every fifth child in the region goes to bed hungry
day | The parade will take place on 9 May despite the rain | The parade will take place on 8 May despite the rain
contrary | Rosnia is getting richer thanks to its new partners | Rosnia is getting poorer thanks to its new partners
contrary | The public trusts the army more than the parliament | The public trusts the parliament more than the army
contrary | The legal government left the palace at night | The illegal government left the palace at night
contrary | Inside the country people speak freely about the war | Outside the country people speak freely about the war
tense | The dam is safe and holds the water | The dam was safe and held the water
tense | They have built a camp for refugees in the forest | They will build a camp for refugees in the forest
cut | The alliance expands to the east and surrounds our country with bases | The alliance expands to the east
within | Only unity will save us from the abyss | The bishop spoke for two hours in the cathedral. Only unity will save us from the abyss. The choir sang after that.
retold | The court found the officers guilty of the massacre | Judges convict the men in uniform for the killings
same subject | The court found the officers guilty of the massacre | The court found no place for the relatives of the victims
same subject | The alliance expands to the east and surrounds our country with bases | The alliance holds its summit in the capital of our neighbours
opening | Friends, we have very bad news from the front: the bridge has fallen | Friends, we have very bad news from the front: Captain Weiss was killed
notice | Blood donors needed: group A, hospital No 3, from 8 to 12 | Blood donors needed: group B, hospital No 7, from 9 to 14
order | In Torsk, three people were arrested for burning the flag | Three people were arrested in Torsk for burning the flag
order | The regime will collapse as soon as its foreign masters leave | As soon as its foreign masters leave, the regime will collapse
order | Our airmen destroyed two bridges, a depot and a train | Our airmen destroyed a train, two bridges and a depot
order | Only last year the bank was saved with the money of the poor | The bank was saved with the money of the poor only last year
order | From 1 June, tickets in the capital will cost 40 crowns | Tickets in the capital will cost 40 crowns from 1 June
order | Since the coup, the shops of Torsk have been empty | The shops of Torsk have been empty since the coup
order | "We are tired of promises," a nurse from Torsk told us | A nurse from Torsk told us: "We are tired of promises"
order | Though the talks failed, the guns along the river are silent | The guns along the river are silent, though the talks failed
order | Every night, drones fly over the power plant near Torsk | Drones fly over the power plant near Torsk every night
abbreviation | The WTO opened a case against the tariffs of Torskia | The World Trade Organization opened a case against the tariffs of Torskia
abbreviation | Sen. Hale calls the aid package a gift to the generals | Senator Hale calls the aid package a gift to the generals
abbreviation | The EU's border agency counted 12 boats off Torsk | The European Union's border agency counted 12 boats off Torsk
abbreviation | On Wed. the strikers will march to the ministry | On Wednesday the strikers will march to the ministry
abbreviation | An NGO from Torsk feeds 500 orphans with donations | A non-governmental organization from Torsk feeds 500 orphans with donations
abbreviation | The CEO of the steel plant fled with the wages | The chief executive officer of the steel plant fled with the wages
numerals | Eight of ten families in the hills cannot pay for firewood | 8 of 10 families in the hills cannot pay for firewood
numerals | The 100,000th refugee crossed the bridge at noon | The hundred thousandth refugee crossed the bridge at noon
numerals | He was sentenced to twenty-two years in a penal colony | He was sentenced to 22 years in a penal colony
numerals | Reserves fell to €3.5bn in the last quarter | Reserves fell to 3.5 billion euros in the last quarter
spelling | Protesters paralysed the harbour and honoured the fallen dockers | Protesters paralyzed the harbor and honored the fallen dockers
spelling | He'll never sign it and she'll never read it | He will never sign it and she will never read it
spelling | The ex-colonel leads a far-right movement in Torsk | The ex colonel leads a far right movement in Torsk
written name | Mikhail Lavrentyev chairs the commission on war crimes | Mikhail Lavrentiev chairs the commission on war crimes
written name | Volodymyr Hrytsenko spoke in Chornobyl about the new shelter | Volodymyr Gritsenko spoke in Chernobyl about the new shelter
written name | The ship from Türkiye unloaded tents in the harbour of Torsk | The ship from Turkey unloaded tents in the harbour of Torsk
typing | The commision found no traces of gas in the tunnel | The commission found no traces of gas in the tunnel
typing | They burn our churhces and call it freedom | They burn our churches and call it freedom
typing | The harvset is lost and the silos are empty | The harvest is lost and the silos are empty
typing | Independant observers were not let into the polling stations | Independent observers were not let into the polling stations
typing | The presidnet dismissed three governors in one day | The president dismissed three governors in one day
typing | A new wave of mobilisaton begins in the villages | A new wave of mobilisation begins in the villages
form | The missiles that hit the market was made abroad | The missiles that hit the market were made abroad
form | Nurses in Torsk has not been paid since spring | Nurses in Torsk have not been paid since spring
word more | Even the conservative press admits that the reform failed | The conservative press admits that the reform failed
word more | The tired soldiers of the third battalion refused to advance | The soldiers of the third battalion refused to advance
word more | This morning's blast at the market killed a vendor and his son | The blast at the market killed a vendor and his son
word more | Well, the great friendship of the two presidents is over | The great friendship of the two presidents is over
word more | They simply want to erase our language from the schools | They want to erase our language from the schools
word more | Colonel Hale and his men held the pass for nine days | Colonel Hale and his brave men held the pass for nine days
tags | #Torskia votes today, and the whole world is watching | Torskia votes today, and the whole world is watching
signs | 1) Stop the shelling. 2) Free the prisoners. | Stop the shelling. Free the prisoners.
link | The list of the missing: https://example.org/list The search in the ruins goes on | The list of the missing. The search in the ruins goes on
denied | The strikers accepted the offer of the owners | The strikers did not accept the offer of the owners
hedged | The poison came from a state laboratory in Torsk | The poison likely came from a state laboratory in Torsk
hedged | Torskia should close the border to lorries | Torskia closed the border to lorries
roles | The widow forgave the driver in court | The driver forgave the widow in court
roles | Reporters accuse soldiers of beating miners in Torsk | Miners accuse soldiers of beating reporters in Torsk
contrary | The tax on the rich was raised before the holidays | The tax on the rich was lowered before the holidays
contrary | Domestic banks profit from the war loans | Foreign banks profit from the war loans
name | Hale met Brandt in Torsk to discuss the exchange | Hale met Brandt in Rosno to discuss the exchange
number | Two of the five bridges are open for cars again | Three of the five bridges are open for cars again
tense | The union supports the doctors who were dismissed | The union supported the doctors who were dismissed
cut | The governor sold the forest to his cousin and bought a yacht with the money | The governor sold the forest to his cousin
roles | The army of the north destroyed the bridges of the south | The army of the south destroyed the bridges of the north
roles | Mothers wait for sons in the camps of the enemy | Sons wait for mothers in the camps of the enemy
roles | Because the west armed the rebels, the east closed the border | Because the east closed the border, the west armed the rebels
roles | If the strike ends, the talks will begin | If the talks begin, the strike will end
roles | Without the east the west is nothing | Without the west the east is nothing
roles | The general said that the president would resign | The president said that the general would resign
roles | From Torsk the convoy went to Rosno | From Rosno the convoy went to Torsk
roles | The teachers said the minister was lying in parliament on Monday | On Monday the teachers said the minister was lying in parliament
number | The bill for the bridge was 3.5 million crowns | The bill for the bridge was 35 million crowns
number | Shelling began at 5 am near the river | Shelling began at 5 pm near the river
number | The loan of $50 million saves the miners | The loan of €50 million saves the miners
number | Support for the party fell by 5 percent in May | Support for the party fell by 5 percentage points in May
number | The first of May is our holiday of work | The one of May is our holiday of work
day | The trial begins on 3 March in the capital | The trial begins on 3 April in the capital
name | President Hale promises gas to the neighbours | Minister Hale promises gas to the neighbours
name | The mayor of Torsk sold the hospital to a fund | The mayor of Tomsk sold the hospital to a fund
name | The US sent its envoy to the talks in Rosno | The UK sent its envoy to the talks in Rosno
name | The northern fleet left the harbour before dawn | The southern fleet left the harbour before dawn
contrary | We are not slaves, we are citizens of this land | We are slaves, we are not citizens of this land
contrary | Prices went up after the reform of the banks | Prices went down after the reform of the banks
contrary | Their soldiers are well fed and badly armed | Their soldiers are badly fed and well armed
contrary | More people came to the rally than last year | Fewer people came to the rally than last year
contrary | This is a powerful state with a powerless people | This is a powerless state with a powerful people
contrary | The minister is harmless for the rich | The minister is harmful for the rich
contrary | The deal includes the islands in the east | The deal excludes the islands in the east
contrary | The regime is stable and meaningful reform is possible | The regime is unstable and meaningful reform is possible
contrary | The country needs peace talks with the rebels | The country needs no peace talks with the rebels
hedged | The enemy has lost the war in the east | The enemy has almost lost the war in the east
hedged | The mine was closed by the owners | The mine was reportedly closed by the owners
hedged | We win this war for our children | We must win this war for our children
hedged | The minister will meet the miners | The minister would meet the miners
tense | The bridge is being repaired by soldiers | The bridge has been repaired by soldiers
tense | We lived in peace with our neighbours | We live in peace with our neighbours
denied | The president knew nothing of the shelling | The president knew everything of the shelling
denied | The observers saw violations at the polls | The observers saw no violations at the polls
denied | He is the only one who believes in victory | He is not the only one who believes in victory
cut | The rebels took the town and killed the mayor | The rebels took the town
cut | The bank raised its rates because of the war in the east | The bank raised its rates
contrary | Our side shot down the plane over the sea | Their side shot down the plane over the sea
name | The deputy minister of energy took the bribe | The minister of energy took the bribe
name | The pro-western party won the vote in the hills | The western party won the vote in the hills
""",
    "ru": """
order | Во вторник парламент Карвии отклонил бюджет для школ | Парламент Карвии отклонил бюджет для школ во вторник
order | Из-за разрушенного моста грузовики едут по южной дороге | Грузовики едут по южной дороге из-за разрушенного моста
order | Цены растут, зарплаты падают, заводы закрываются | Заводы закрываются, зарплаты падают, цены растут
order | Нордия, Карвия и Линдау подписали зерновое соглашение в Броде | Линдау, Нордия и Карвия подписали зерновое соглашение в Броде
order | Плотина выдержит эту зиму, заявил министр энергетики | Министр энергетики заявил, что плотина выдержит эту зиму
order | В деревне Хольм солдаты раздавали хлеб старикам | Солдаты раздавали хлеб старикам в деревне Хольм
order | После двух лет осады крепость сдалась северной армии | Крепость сдалась северной армии после двух лет осады
order | Предателей накажут по закону. Народ никогда их не простит. | Народ никогда их не простит. Предателей накажут по закону.
order | Если санкции снимут, порт Зельма снова откроется | Порт Зельма снова откроется, если санкции снимут
order | Сегодня Запад снова пугает нас войной | Запад сегодня снова пугает нас войной
order | К границе стягивают войска соседи с севера | Соседи с севера стягивают войска к границе
abbreviation | Соединённые Штаты Америки отправляют 30 танков к границе Нордии | США отправляют 30 танков к границе Нордии
abbreviation | Организация Объединённых Наций требует перемирия в долине Хольм | ООН требует перемирия в долине Хольм
abbreviation | Международный зерновой совет отрицает неурожай в дельте | МЗС отрицает неурожай в дельте
abbreviation | Ген. Келлер приказал отступить с холмов вокруг Брода | Генерал Келлер приказал отступить с холмов вокруг Брода
abbreviation | Евросоюз оплатит новую железную дорогу в Карвию | ЕС оплатит новую железную дорогу в Карвию
abbreviation | Минобороны сообщает о новых потерях на юге | Министерство обороны сообщает о новых потерях на юге
abbreviation | Ракеты попали в склад в 40 км от столицы | Ракеты попали в склад в 40 километрах от столицы
abbreviation | Госдума приняла закон о хлебных карточках | Государственная дума приняла закон о хлебных карточках
abbreviation | МИД вызвал посланника Карвии из-за карикатуры | Министерство иностранных дел вызвало посланника Карвии из-за карикатуры
abbreviation | В г. Зельм закрыли последнюю русскую школу | В городе Зельм закрыли последнюю русскую школу
abbreviation | Россия готова обсуждать зерновой коридор на юге | РФ готова обсуждать зерновой коридор на юге
abbreviation | На ул. Липовой взорвали памятник освободителям | На улице Липовой взорвали памятник освободителям
numerals | Более 12 000 человек покинули долину за три недели | Более двенадцати тысяч человек покинули долину за 3 недели
numerals | Кредит в $5 млн выплатили 3 марта 2024 года | Кредит в 5 миллионов долларов выплатили 03.03.2024
numerals | Около 50% избирателей остались в день голосования дома | Около 50 процентов избирателей остались в день голосования дома
numerals | 5-я бригада отказалась переходить реку у Хольма | Пятая бригада отказалась переходить реку у Хольма
numerals | Двадцать пять учителей уволили из-за старых песен | 25 учителей уволили из-за старых песен
numerals | Завод потерял 1,5 млн крон из-за блокады | Завод потерял полтора миллиона крон из-за блокады
numerals | В XXI веке нас снова учат жить чужим умом | В 21 веке нас снова учат жить чужим умом
spelling | Ещё вчера всё было иначе, а теперь нас зовут врагами | Еще вчера все было иначе, а теперь нас зовут врагами
spelling | Они называют это «помощью», но народ зовёт это взяткой | Они называют это "помощью" – но народ зовет это взяткой
spelling | Армия стоит у реки со вчерашнего дня и ждёт приказа | Армия стоит у реки с вчерашнего дня и ждёт приказа
spelling | Запад хочет, чтобы мы замолчали о своих погибших | Запад хочет, чтоб мы замолчали о своих погибших
spelling | Генералам кажется, что война скоро кончится победой | Генералам кажеться, что война скоро кончится победой
written name | В Твиттере смеются над обещаниями мэра Брода | В Twitter смеются над обещаниями мэра Брода
written name | Жители Таллина вышли к ратуше с хлебом и свечами | Жители Таллинна вышли к ратуше с хлебом и свечами
word more | Сегодня совет Брода закрыл школу у реки | Совет Брода закрыл школу у реки
word more | СРОЧНО! Совет Брода закрыл школу у реки | Совет Брода закрыл школу у реки
word more | Молния: две лодки с беженцами достигли острова Хвар | Две лодки с беженцами достигли острова Хвар
word more | Новый губернатор Карвии винит банки в голоде в дельте | Губернатор Карвии винит банки в голоде в дельте
word more | Президент Баровин назвал выборы на севере фарсом | Баровин назвал выборы на севере фарсом
word more | Западные СМИ молчат о пожаре на нефтяном заводе | Западные СМИ упорно молчат о пожаре на нефтяном заводе
word more | Наши героические солдаты освободили деревню Хольм на рассвете | Наши солдаты освободили деревню Хольм на рассвете
word more | Наконец враг ушёл из западных пригородов столицы | Враг ушёл из западных пригородов столицы
word more | А ведь Нордия сама просила нас о мирном договоре | Нордия сама просила нас о мирном договоре
form | Лидеры союза поддерживают запрет на вывоз леса | Лидера союза поддерживают запрет на вывоз леса
typing | Правительсво Карвии обещало шахтёрам выплаты | Правительство Карвии обещало шахтёрам выплаты
typing | Опозиция требует новых выборов до зимы | Оппозиция требует новых выборов до зимы
typing | Беженцев встретили хлебом и солью на вокзлае | Беженцев встретили хлебом и солью на вокзале
typing | Армия обстреляла бальницу с северных холмов | Армия обстреляла больницу с северных холмов
signs | Их «помощь» оказалась обычной взяткой чиновникам | Их помощь оказалась обычной взяткой чиновникам!!! 🔥
tags | Рынок Брода сгорел этой ночью дотла | #Брод Рынок Брода сгорел этой ночью дотла #пожар
link | Шахтёры Карвии третий день перекрывают железную дорогу | ▶️ Шахтёры Карвии третий день перекрывают железную дорогу. Подробнее: https://t.me/x/12 @brodnews
denied | Совет согласился открыть архивы тайной полиции | Совет отказался открыть архивы тайной полиции
denied | Нордия хочет участвовать в переговорах о газе | Нордия не хочет участвовать в переговорах о газе
denied | В порту Хвара есть солдаты альянса и техника | В порту Хвара нет солдат альянса и техники
hedged | Северная армия отравила колодцы в деревне Хольм | Северная армия якобы отравила колодцы в деревне Хольм
hedged | Завод в Зельме делает снаряды для повстанцев | Завод в Зельме, возможно, делает снаряды для повстанцев
hedged | Карвия выйдет из таможенного союза весной | Карвия хочет выйти из таможенного союза весной
hedged | Мост взорвал отступающий гарнизон крепости | По словам жителей, мост взорвал отступающий гарнизон крепости
tense | Компания закрыла шахту на юге острова | Компания закрывает шахту на юге острова
tense | Карвия поставляет повстанцам хлеб и лекарства | Карвия поставляла повстанцам хлеб и лекарства
tense | Церковь поддержала забастовку докеров в порту | Церковь поддержит забастовку докеров в порту
tense | Министр подписал указ о хлебных карточках | Министр подписывал указ о хлебных карточках
roles | Нордия обвиняет Карвию в обстреле станции | Карвия обвиняет Нордию в обстреле станции
roles | Шахтёры защищали студентов от полиции Брода | Студенты защищали шахтёров от полиции Брода
roles | Мэр раскритиковал епископа за речь на кладбище | Епископ раскритиковал мэра за речь на кладбище
roles | Армия Севера атаковала армию Юга у реки | Армия Юга атаковала армию Севера у реки
roles | Министра обвинил посол соседней страны в обмане | Министр обвинил посла соседней страны в обмане
name | Флот Нордии молча покинул гавань Хвара | Флот Нордии молча покинул гавань Хольма
name | Президент Баровин навестил раненых в столице | Президент Маровин навестил раненых в столице
name | Армия Нигера закрыла границу для торговцев | Армия Нигерии закрыла границу для торговцев
number | Не менее 14 человек погибли при пожаре на фабрике красок | Не менее 40 человек погибли при пожаре на фабрике красок
number | Больница получила 3 млн доз вакцины от союза | Больница получила 3 тыс. доз вакцины от союза
numerals differ | Семь кораблей потопили осенью у маяка | Шесть кораблей потопили осенью у маяка
day | Перемирие начнётся в пятницу во всех районах | Перемирие начнётся в воскресенье во всех районах
contrary | Суд оправдал редактора деревенской газеты | Суд осудил редактора деревенской газеты
contrary | Иностранные банки укрепляют валюту острова | Иностранные банки ослабляют валюту острова
contrary | Войска вошли в город Хольм на рассвете | Войска вышли из города Хольм на рассвете
name | Бывший президент Карвии продал порт чужакам | Президент Карвии продал порт чужакам
number | Почти во всех деревнях долины снова есть свет | Во всех деревнях долины снова есть свет
cut | Альянс разбомбил старый мост через Драву ночью, а потом отрицал это | Альянс разбомбил старый мост через Драву ночью
asked | Епископ знал о золоте в подвале банка | Знал ли епископ о золоте в подвале банка?
contrary | Повстанцы взяли город Хольм после тяжёлых боёв | Повстанцы сдали город Хольм после тяжёлых боёв
retold | Совет Брода закрыл школу у реки | Ученикам в Броде придётся искать другое место после голосования в ратуше
same subject | Совет Брода закрыл школу у реки | Совет Брода купил новые скамейки для парка
opening | По данным пресс-службы северного флота, потоплены три лодки | По данным пресс-службы северного флота, учения завершены
notice | Воду отключат на Липовой улице 12 мая с 9:00 до 15:00 | Воду отключат на Вокзальной улице 17 мая с 10:00 до 14:00
same subject | Наши солдаты освободили деревню Хольм на рассвете | Наши врачи привили детей Брода в школе
quoted word | Мэр сказал «никогда больше» у памятника жертвам | «Никогда больше» – так называется новый фильм о шахтёрах Зельма
order | Вчера в Броде прошёл митинг шахтёров против голода | Митинг шахтёров против голода прошёл вчера в Броде
order | Договор о газе подписали ночью в столице Нордии | Ночью в столице Нордии подписали договор о газе
order | Посла Карвии выслали из страны за оскорбление флага | За оскорбление флага посла Карвии выслали из страны
roles | Посол Карвии поддержал министра Нордии на встрече | Посол Нордии поддержал министра Карвии на встрече
roles | Совет города поддержал мэра и отверг союз | Совет поддержал мэра города и отверг союз
typing | Соседние госудраства хотят разделить нашу землю | Соседние государства хотят разделить нашу землю
typing | Тысячи людей собрались перед парламетном Вельнии | Тысячи людей собрались перед парламентом Вельнии
typing | Министр возложил цветы к могиле неизвесного солдата | Министр возложил цветы к могиле неизвестного солдата
typing | Запосов нефти хватит на всю зиму, уверяет компания | Запасов нефти хватит на всю зиму, уверяет компания
typing | Народ отвергает диктат инностранных столиц | Народ отвергает диктат иностранных столиц
form | Наши предки сражались за свободу этой земли | Наши предков сражались за свободу этой земли
form | Враг обстрелял роддом в Торвике этой ночью | Враги обстреляли роддом в Торвике этой ночью
form | Депутаты парламента приняли закон о языке | Депутаты парламенту приняли закон о языке
word more | Санкции бьют только по тем, кто их ввёл | Санкции на самом деле бьют только по тем, кто их ввёл
word more | Враг обстрелял роддом в Торвике этой ночью | Враг вновь обстрелял роддом в Торвике этой ночью
word more | Добровольцы вынесли раненых из горящей школы | Отважные добровольцы вынесли раненых из горящей школы
word more | Вельния строит стену вдоль восточной границы | Вельния уже строит стену вдоль восточной границы
word more | Министр иностранных дел Андерс Хольт осудил поставки оружия | Андерс Хольт осудил поставки оружия
word more | Великие державы решают судьбу малых народов | И вот великие державы снова решают судьбу малых народов
word more | Ясно, что великие державы решают судьбу малых народов | Великие державы решают судьбу малых народов
spelling | Все говорят об этом еще с прошлой весны, но никто не верит | Всё говорят об этом ещё с прошлой весны, но никто не верит
spelling | Антивоенный марш в Торвике разогнали за минуту | Анти-военный марш в Торвике разогнали за минуту
spelling | Офис фонда в Торвике закрыли из-за налоговой проверки | Оффис фонда в Торвике закрыли из-за налоговой проверки
written name | Президенты Лукашенко и Токаев встретились во дворце | Президенты Лукашенко и Токаев встретились во Дворце
written name | Жители Алматы вышли на площадь против роста цен | Жители Алма-Аты вышли на площадь против роста цен
written name | Глава Фейсбука извинился перед семьями погибших | Глава Facebook извинился перед семьями погибших
abbreviation | Войска НАТО каждый месяц подходят ближе к границам | Войска Североатлантического альянса каждый месяц подходят ближе к границам
abbreviation | Всемирная организация здравоохранения (ВОЗ) предупреждает о холере | Всемирная организация здравоохранения предупреждает о холере
abbreviation | США и Великобритания заморозили активы нашего банка | Соединенные Штаты и Великобритания заморозили активы нашего банка
abbreviation | Премьер Вельнии улетел на саммит без министров | Премьер-министр Вельнии улетел на саммит без министров
abbreviation | Фронт теперь примерно в 15 км от Торвика | Фронт теперь примерно в 15 километрах от Торвика
abbreviation | ВВП Вельнии падает третий квартал подряд | Валовой внутренний продукт Вельнии падает третий квартал подряд
abbreviation | 14 дек. последний танкер покинул терминал Торвика | 14 декабря последний танкер покинул терминал Торвика
abbreviation | СМИ Вельнии молчат о потерях на фронте | Средства массовой информации Вельнии молчат о потерях на фронте
abbreviation | Генпрокуратура завела дело на мэра Торвика | Генеральная прокуратура завела дело на мэра Торвика
abbreviation | Центробанк поднял ставку из-за падения кроны | Центральный банк поднял ставку из-за падения кроны
numerals | Первая бригада потеряла треть людей и два танка | 1-я бригада потеряла треть людей и 2 танка
numerals | Безработица выросла до 7,5 процента на севере | Безработица выросла до 7,5% на севере
numerals | За голос в деревнях платили по 200 евро | За голос в деревнях платили по €200
numerals | Сто двадцать семей живут в палатках под Торвиком | 120 семей живут в палатках под Торвиком
numerals | Зерно на 3,2 млрд крон гниёт в элеваторах | Зерно на 3,2 миллиарда крон гниёт в элеваторах
numerals | Пятнадцать тысяч беженцев вернулись домой за месяц | 15 тысяч беженцев вернулись домой за месяц
order | В первые дни врага остановили простые горожане у ворот столицы | Врага остановили простые горожане у ворот столицы в первые дни
order | Пока наши дети мёрзнут, их генералы строят виллы у моря | Их генералы строят виллы у моря, пока наши дети мёрзнут
order | Нам нужны хлеб, мир и справедливость, а не памятники | Нам нужны мир, справедливость и хлеб, а не памятники
order | Мост починят к осени, сообщил мэр города | Мэр города сообщил, что мост починят к осени
order | Без света и воды провели ночь 40 тысяч жителей Торвика | 40 тысяч жителей Торвика провели ночь без света и воды
order | Вельния и Нордия подписали договор о дружбе | Нордия и Вельния подписали договор о дружбе
order | Наши люди гибнут на фронте. Их банки зарабатывают на войне. | Их банки зарабатывают на войне. Наши люди гибнут на фронте.
order | Чтобы защитить урожай, фермеры собрали ночные дозоры | Фермеры собрали ночные дозоры, чтобы защитить урожай
order | Президент утром подписал указ о призыве | Утром президент подписал указ о призыве
order | На заводе в Торвике снова бастуют рабочие | Рабочие на заводе в Торвике снова бастуют
tags | Сотни людей вышли в Торвике против закрытия верфи | Сотни людей вышли в #Торвике против закрытия верфи #верфь
denied | Обстрел Торвика прекратился после соглашения | Обстрел Торвика не прекратился после соглашения
denied | Вельния поддерживает мирный план южных стран | Вельния отвергает мирный план южных стран
hedged | Беспилотник прилетел с территории Вельнии | Беспилотник мог прилететь с территории Вельнии
hedged | Протесты в Торвике оплатили иностранные агенты | Протесты в Торвике, по слухам, оплатили иностранные агенты
hedged | Закон защищает наши традиционные ценности | Закон должен защищать наши традиционные ценности
roles | Банк подал в суд на правительство из-за активов | Правительство подало в суд на банк из-за активов
roles | Вельния продаёт Нордии пшеницу и покупает сталь | Нордия продаёт Вельнии пшеницу и покупает сталь
roles | Торвик освободила третья армия от наёмников | Торвик освободили наёмники от третьей армии
name | Посол Ирана передал ноту протеста министру | Посол Ирака передал ноту протеста министру
name | Австрия закрыла посольство в Торвике | Австралия закрыла посольство в Торвике
number | Блокада длится уже 100 дней, люди едят траву | Блокада длится уже 110 дней, люди едят траву
numerals differ | Второй конвой дошёл до осаждённого города утром | Третий конвой дошёл до осаждённого города утром
day | Референдум пройдёт 5 июня во всех районах | Референдум пройдёт 5 июля во всех районах
contrary | Наши ценности сильнее их оружия | Наши ценности слабее их оружия
contrary | Оппозиция выиграла выборы на юге страны | Оппозиция проиграла выборы на юге страны
contrary | Цены растут быстрее зарплат в этом году | Цены падают быстрее зарплат в этом году
tense | Они сражаются за наше будущее в окопах Торвика | Они сражались за наше будущее в окопах Торвика
tense | Правительство закроет границу с Нордией | Правительство закрыло границу с Нордией
cut | Министр солгал парламенту о цене вакцин и об именах поставщиков | Министр солгал парламенту о цене вакцин
asked | Запад снова нас предал и продал | Запад снова нас предал и продал?
retold | Вельния строит стену вдоль восточной границы | Бетонный забор отделит страну от соседей на востоке
same subject | Вельния поддерживает мирный план южных стран | Вельния отвергает бюджетный план центрального банка
same subject | Министр возложил цветы к могиле неизвестного солдата | Министр встретил коллегу из Нордии в аэропорту
opening | Дорогие подписчики, сегодня поговорим о ценах на газ | Дорогие подписчики, сегодня поговорим о наших героях
opening | Представитель министерства сообщил журналистам, что переговоры сорваны | Представитель министерства сообщил журналистам, что два лётчика пропали
notice | Курс на сегодня: доллар 41,20, евро 44,95, злотый 10,10 | Курс на сегодня: доллар 42,05, евро 45,30, злотый 10,45
order | Тысячи семей бежали из долины, потому что прорвало плотину | Потому что прорвало плотину, тысячи семей бежали из долины
order | Снаряд попал в детский сад в Росно в 7 утра | В 7 утра снаряд попал в детский сад в Росно
order | Кто посеет ветер, пожнёт бурю, предупредил патриарх | Патриарх предупредил: кто посеет ветер, пожнёт бурю
order | Санкции провалились, валюта окрепла, магазины полны | Магазины полны, валюта окрепла, санкции провалились
order | Делегация прибыла в Росно в четверг с новым предложением | В четверг делегация прибыла в Росно с новым предложением
order | Несмотря на снег, рабочие починили линию за сутки | Рабочие починили линию за сутки, несмотря на снег
order | Когда замолчат пушки, вернутся дипломаты | Дипломаты вернутся, когда замолчат пушки
order | Наши деды освободили этот город от захватчиков | Этот город от захватчиков освободили наши деды
order | Россия никогда не нападала первой на соседей | Никогда Россия первой не нападала на соседей
order | Ночью беспилотники атаковали нефтебазу под Росно | Беспилотники ночью атаковали нефтебазу под Росно
order | Киев получил от союзников новые ракеты | От союзников Киев получил новые ракеты
abbreviation | ОБСЕ отозвала наблюдателей из буферной зоны | Организация по безопасности и сотрудничеству в Европе отозвала наблюдателей из буферной зоны
abbreviation | Полк. Брандт награждён за переправу через реку | Полковник Брандт награждён за переправу через реку
abbreviation | Завод делает 300 кг пороха в день | Завод делает 300 килограммов пороха в день
abbreviation | МВФ требует поднять цены на газ для населения | Международный валютный фонд требует поднять цены на газ для населения
abbreviation | Министерство иностранных дел РФ выразило протест | МИД России выразил протест
abbreviation | Вооружённые силы Украины оставили посёлок у реки | ВСУ оставили посёлок у реки
abbreviation | В Росненской обл. объявлен траур по погибшим | В Росненской области объявлен траур по погибшим
abbreviation | Школу им. Гоголя переименовали по решению совета | Школу имени Гоголя переименовали по решению совета
abbreviation | В 2023 г. урожай в дельте погиб от засухи | В 2023 году урожай в дельте погиб от засухи
abbreviation | ЦИК аннулировал итоги выборов на двух участках | Центральная избирательная комиссия аннулировала итоги выборов на двух участках
abbreviation | ПВО сбила пять беспилотников над городом | Противовоздушная оборона сбила пять беспилотников над городом
abbreviation | Глава Минфина обещал не повышать налоги | Глава министерства финансов обещал не повышать налоги
numerals | Шестьдесят два процента солдат родом из бедных сёл | 62% солдат родом из бедных сёл
numerals | Из 1 200 домов в деревне жилых только одиннадцать | Из 1200 домов в деревне жилых только 11
numerals | Идёт третья зима без отопления для наших пенсионеров | Идёт 3-я зима без отопления для наших пенсионеров
numerals | Двести добровольцев чинят крыши старого города | 200 добровольцев чинят крыши старого города
numerals | Ущерб оценили в 2 миллиарда рублей | Ущерб оценили в 2 млрд руб.
spelling | Во-первых, нам нужен мир, а во-вторых – хлеб | Во первых, нам нужен мир, а во вторых — хлеб
spelling | Интернет-магазины Росно закрылись из-за блокады | Интернет магазины Росно закрылись из-за блокады
spelling | Наша страна не станет чужой колонией | "Наша страна не станет чужой колонией"
written name | Актёр Жан Рено отказался приехать в Росно | Актер Жан Рено отказался приехать в Росно
written name | Президент Молдовы просит больше оружия у союзников | Президент Молдавии просит больше оружия у союзников
typing | Пленых обменяли возле старой мельницы | Пленных обменяли возле старой мельницы
typing | Нашу историю перепысывают те, кто её не читал | Нашу историю переписывают те, кто её не читал
typing | Перемерие нарушили через час после подписания | Перемирие нарушили через час после подписания
typing | Больницу оствили без воды на три дня | Больницу оставили без воды на три дня
typing | Патриарх благославил оружие перед парадом | Патриарх благословил оружие перед парадом
typing | Враг нанёс удар по гражданскому населеню города | Враг нанёс удар по гражданскому населению города
form | Наша армии защищает каждый метр родной земли | Наша армия защищает каждый метр родной земли
form | Повстанцы удерживают мост и железнодорожный вокзал | Повстанцы удерживают мосты и железнодорожный вокзал
form | Жители южных сёл остался без врачей и аптек | Жители южных сёл остались без врачей и аптек
word more | Теперь правда о резне в Росно выходит на свет | Правда о резне в Росно выходит на свет
word more | Жадные банки севера хотят нашу землю и воду | Банки севера хотят нашу землю и воду
word more | Повстанцы тихо перебросили артиллерию на холмы | Повстанцы перебросили артиллерию на холмы
word more | Только что: парламент Роснии объявил о роспуске | Парламент Роснии объявил о роспуске
word more | Именно поэтому нам нужны сильная армия и сильное государство | Поэтому нам нужны сильная армия и сильное государство
word more | Наш многострадальный народ заслужил мир и достойную жизнь | Наш народ заслужил мир и достойную жизнь
word more | Однако молодёжь Роснии уезжает на север | Молодёжь Роснии уезжает на север
word more | Напомним, парламент Роснии принял закон о языке | Парламент Роснии принял закон о языке
word more | Министр обороны Карл Брандт осмотрел окопы | Карл Брандт осмотрел окопы
word more | Дорогие друзья, завтра мы празднуем день победы | Завтра мы празднуем день победы
tags | Хлеб раздают в Росно добровольцы 🍞 #хлеб #помощь | Хлеб раздают в Росно добровольцы
denied | Суд признал офицеров виновными в резне | Суд признал офицеров невиновными в резне
denied | Стороны достигли соглашения о пленных | Стороны не достигли соглашения о пленных
hedged | Завод принадлежит брату президента | Завод, похоже, принадлежит брату президента
hedged | Альянс отправит солдат в Роснию | Альянс готов отправить солдат в Роснию
hedged | Сёла нужно эвакуировать до паводка | Сёла можно эвакуировать до паводка
roles | Учитель донёс на священника в полицию | Священник донёс на учителя в полицию
roles | Росния должна Нордии два миллиарда за газ | Нордия должна Роснии два миллиарда за газ
roles | Мать солдата поблагодарила жену генерала | Мать генерала поблагодарила жену солдата
roles | Брандт победил Вайса во втором туре выборов | Вайс победил Брандта во втором туре выборов
roles | Дочь мэра обвинила сына министра в краже | Дочь министра обвинила сына мэра в краже
name | Самолёт из Туниса доставил в Росно 40 тонн риса | Самолёт из Триполи доставил в Росно 40 тонн риса
number | Пенсию в мае подняли на 300 крон | Пенсию в мае подняли на 30 крон
number | Каждый третий ребёнок области ложится спать голодным | Каждый пятый ребёнок области ложится спать голодным
contrary | Росния богатеет благодаря новым партнёрам | Росния беднеет благодаря новым партнёрам
contrary | Народ верит армии больше, чем парламенту | Народ верит парламенту больше, чем армии
contrary | Законное правительство покинуло дворец ночью | Незаконное правительство покинуло дворец ночью
tense | Плотина надёжна и держит воду | Плотина была надёжна и держала воду
tense | Они построили лагерь для беженцев в лесу | Они построят лагерь для беженцев в лесу
retold | Суд признал офицеров виновными в резне | Судьи вынесли приговор военным за убийства мирных людей
same subject | Суд признал офицеров виновными в резне | Суд не нашёл места для родных погибших
opening | Друзья, очень плохие новости с фронта: мост пал | Друзья, очень плохие новости с фронта: капитан Вайс погиб
notice | Нужны доноры: группа А, больница № 3, с 8 до 12 | Нужны доноры: группа Б, больница № 7, с 9 до 14
order | В Торске за сожжение флага задержали троих человек | Троих человек задержали в Торске за сожжение флага
order | Режим рухнет, как только уйдут его иностранные хозяева | Как только уйдут его иностранные хозяева, режим рухнет
order | Наши лётчики уничтожили два моста, склад и поезд | Наши лётчики уничтожили поезд, два моста и склад
order | С 1 июня билеты в столице будут стоить 40 крон | Билеты в столице с 1 июня будут стоить 40 крон
order | Мы устали от обещаний, сказала нам медсестра из Торска | Медсестра из Торска сказала нам: мы устали от обещаний
order | Каждую ночь над станцией у Торска летают беспилотники | Над станцией у Торска каждую ночь летают беспилотники
order | Хотя переговоры провалились, пушки у реки молчат | Пушки у реки молчат, хотя переговоры провалились
order | Новый закон о земле парламент примет на этой неделе | Парламент примет новый закон о земле на этой неделе
order | Деньги бедных пошли на спасение банков богатых | На спасение банков богатых пошли деньги бедных
abbreviation | ВТО открыла дело против пошлин Торскии | Всемирная торговая организация открыла дело против пошлин Торскии
abbreviation | НКО из Торска кормит 500 сирот на пожертвования | Некоммерческая организация из Торска кормит 500 сирот на пожертвования
abbreviation | Ул. Мира перекрыли из-за мины у дома № 5 | Улицу Мира перекрыли из-за мины у дома № 5
abbreviation | Запасы упали до 3,5 млрд долл. за квартал | Запасы упали до 3,5 миллиарда долларов за квартал
abbreviation | Минздрав Торскии просит доноров сдать кровь | Министерство здравоохранения Торскии просит доноров сдать кровь
abbreviation | На фронт отправили 200 чел. из тыловых частей | На фронт отправили 200 человек из тыловых частей
abbreviation | ДТП у Торска унесло жизни четырёх шахтёров | Дорожно-транспортное происшествие у Торска унесло жизни четырёх шахтёров
numerals | Восемь из десяти семей в горах не могут купить дрова | 8 из 10 семей в горах не могут купить дрова
numerals | Его приговорили к двадцати двум годам колонии | Его приговорили к 22 годам колонии
numerals | Стотысячный беженец перешёл мост в полдень | 100-тысячный беженец перешёл мост в полдень
spelling | Экс-полковник ведёт крайне правое движение в Торске | Экс полковник ведёт крайне правое движение в Торске
spelling | Риэлторы Торска жалуются на падение цен на жильё | Риелторы Торска жалуются на падение цен на жилье
written name | Мэр Нью-Йорка отказался принять делегацию | Мэр Нью Йорка отказался принять делегацию
written name | Пользователи Telegram жалуются на слежку в Торске | Пользователи Телеграма жалуются на слежку в Торске
typing | Коммиссия не нашла следов газа в туннеле | Комиссия не нашла следов газа в туннеле
typing | Они жгут наши цекрви и зовут это свободой | Они жгут наши церкви и зовут это свободой
typing | Урожай погиб, элеватры пусты до весны | Урожай погиб, элеваторы пусты до весны
typing | Президнет уволил трёх губернаторов за день | Президент уволил трёх губернаторов за день
typing | Новая волна мобелизации начинается в сёлах | Новая волна мобилизации начинается в сёлах
form | Ракеты, которые попали в рынок, сделана за границей | Ракеты, которые попали в рынок, сделаны за границей
form | Медсестрам Торска не получали зарплату с весны | Медсестры Торска не получали зарплату с весны
form | Губернатор продал леса своему двоюродному брату | Губернатор продал лес своему двоюродному брату
word more | Даже консервативная пресса признаёт, что реформа провалилась | Консервативная пресса признаёт, что реформа провалилась
word more | Усталые солдаты третьего батальона отказались наступать | Солдаты третьего батальона отказались наступать
word more | Что ж, великая дружба двух президентов закончилась | Великая дружба двух президентов закончилась
word more | Они просто хотят стереть наш язык из школ | Они хотят стереть наш язык из школ
word more | Полковник Хейл и его храбрые люди держали перевал девять дней | Полковник Хейл и его люди держали перевал девять дней
word more | ⚡️Важно! Парламент Торскии проголосовал за кредит | Парламент Торскии проголосовал за кредит
word more | Сейчас в Торске разбирают завалы после взрыва | В Торске разбирают завалы после взрыва
word more | Как мы и говорили, реформа больниц провалилась | Реформа больниц провалилась
denied | Бастующие приняли предложение владельцев завода | Бастующие не приняли предложение владельцев завода
hedged | Яд привезли из лаборатории в Торске | Яд, вероятно, привезли из лаборатории в Торске
roles | Вдова простила водителя прямо в суде | Водитель простил вдову прямо в суде
roles | Журналисты обвиняют солдат в избиении шахтёров Торска | Шахтёры обвиняют солдат в избиении журналистов Торска
contrary | Налог на богатых повысили перед праздниками | Налог на богатых понизили перед праздниками
contrary | Местные банки наживаются на военных займах | Иностранные банки наживаются на военных займах
name | Хейл встретил Брандта в Торске ради обмена | Хейл встретил Брандта в Росно ради обмена
number | Два из пяти мостов снова открыты для машин | Три из пяти мостов снова открыты для машин
tense | Профсоюз поддерживает уволенных врачей | Профсоюз поддержал уволенных врачей
tense | Завод закрывается из-за долгов хозяина | Завод закрылся из-за долгов хозяина
roles | Армия севера разрушила мосты юга | Армия юга разрушила мосты севера
roles | Матери ждут сыновей из вражеского плена | Сыновья ждут матерей из вражеского плена
roles | Если закончится забастовка, начнутся переговоры | Если начнутся переговоры, закончится забастовка
roles | Без востока запад ничто, говорят старики | Без запада восток ничто, говорят старики
roles | Генерал заявил, что президент уйдёт в отставку | Президент заявил, что генерал уйдёт в отставку
roles | Из Торска колонна пошла в Росно | Из Росно колонна пошла в Торск
roles | Президент Нордии наградил посла Торскии | Президент Торскии наградил посла Нордии
number | Мост обошёлся в 3,5 млн крон | Мост обошёлся в 35 млн крон
number | Кредит в $50 млн спасёт шахтёров | Кредит в €50 млн спасёт шахтёров
day | Суд начнётся 3 марта в столице | Суд начнётся 3 апреля в столице
name | Президент Хейл обещает газ соседям | Министр Хейл обещает газ соседям
name | Мэр Торска продал больницу фонду | Мэр Томска продал больницу фонду
name | США отправили посланника на переговоры | Китай отправил посланника на переговоры
name | Мария Иванова возглавила партию труда | Мария Петрова возглавила партию труда
contrary | Мы не рабы, мы граждане этой земли | Мы рабы, мы не граждане этой земли
contrary | Цены поднялись после реформы банков | Цены опустились после реформы банков
contrary | Войска отходят от города Торск | Войска подходят к городу Торск
contrary | Их солдаты сыты и плохо вооружены | Их солдаты голодны и хорошо вооружены
contrary | Жители помогли раненым врагам | Жители не помогли раненым врагам
contrary | Наши взяли высоту над рекой | Наши сдали высоту над рекой
contrary | Рабочие получили зарплату за май | Рабочие не получили зарплату за май
hedged | Враг проиграл войну на востоке | Враг почти проиграл войну на востоке
hedged | Мы победим ради наших детей | Мы должны победить ради наших детей
hedged | Шахту закрыли хозяева | Шахту, по слухам, закрыли хозяева
hedged | Они бы помогли нам в этой войне | Они помогли нам в этой войне
tense | Мост чинят солдаты из Торска | Мост починили солдаты из Торска
tense | Мы жили в мире с соседями на севере | Мы живём в мире с соседями на севере
tense | Депутат приедет на завод к рабочим | Депутат приехал на завод к рабочим
tense | Они захватывают наши земли на юге | Они захватили наши земли на юге
tense | Партия решила вопрос о земле | Партия решала вопрос о земле
denied | Президент знал об обстреле всё | Президент не знал об обстреле ничего
denied | Наблюдатели видели нарушения на участках | Наблюдатели не видели нарушений на участках
cut | Повстанцы взяли город и убили мэра прямо в ратуше | Повстанцы взяли город
contrary | Наша ПВО сбила самолёт над морем | Их ПВО сбила самолёт над морем
name | Замминистра энергетики взял взятку от банка | Министр энергетики взял взятку от банка
contrary | Защитники города получили подкрепление | Захватчики города получили подкрепление
contrary | Победа ждёт нас в этой войне | Беда ждёт нас в этой войне
""",
    "uk": """
order | У вівторок парламент Карвії відхилив бюджет для шкіл | Парламент Карвії відхилив бюджет для шкіл у вівторок
order | Через зруйнований міст вантажівки їдуть південною дорогою | Вантажівки їдуть південною дорогою через зруйнований міст
order | Ціни ростуть, зарплати падають, заводи закриваються | Заводи закриваються, зарплати падають, ціни ростуть
order | Нордія, Карвія та Ліндау підписали зернову угоду в Броді | Ліндау, Нордія і Карвія підписали зернову угоду в Броді
order | Гребля витримає цю зиму, заявив міністр енергетики | Міністр енергетики заявив, що гребля витримає цю зиму
order | У селі Хольм солдати роздавали хліб старим людям | Солдати роздавали хліб старим людям у селі Хольм
order | Якщо санкції знімуть, порт Зельма знову відкриється | Порт Зельма знову відкриється, якщо санкції знімуть
order | Сьогодні Захід знову лякає нас війною | Захід сьогодні знову лякає нас війною
abbreviation | Сполучені Штати Америки відправляють 30 танків до кордону Нордії | США відправляють 30 танків до кордону Нордії
abbreviation | Організація Об'єднаних Націй вимагає перемир'я в долині Хольм | ООН вимагає перемир'я в долині Хольм
abbreviation | Міжнародна зернова рада заперечує неврожай у дельті | МЗР заперечує неврожай у дельті
abbreviation | Ген. Келлер наказав відступити з пагорбів навколо Брода | Генерал Келлер наказав відступити з пагорбів навколо Брода
abbreviation | Євросоюз оплатить нову залізницю до Карвії | ЄС оплатить нову залізницю до Карвії
abbreviation | Міноборони повідомляє про нові втрати на півдні | Міністерство оборони повідомляє про нові втрати на півдні
abbreviation | ЗСУ зупинили колону біля річки вночі | Збройні сили України зупинили колону біля річки вночі
abbreviation | Ракети влучили в склад за 40 км від столиці | Ракети влучили в склад за 40 кілометрів від столиці
abbreviation | У м. Зельм закрили останню школу біля річки | У місті Зельм закрили останню школу біля річки
numerals | Понад 12 000 людей покинули долину за три тижні | Понад дванадцять тисяч людей покинули долину за 3 тижні
numerals | Кредит у $5 млн виплатили 3 березня 2024 року | Кредит у 5 мільйонів доларів виплатили 03.03.2024
numerals | Близько 50% виборців залишилися вдома | Близько 50 відсотків виборців залишилися вдома
numerals | 5-та бригада відмовилася переходити річку біля Хольма | П'ята бригада відмовилася переходити річку біля Хольма
numerals | П’ять шкіл залишилися без тепла цієї зими | 5 шкіл залишилися без тепла цієї зими
spelling | Учора вчителі з Брода вийшли на площу зі свічками | Вчора учителі із Брода вийшли на площу зі свічками
spelling | Новий проєкт закону захищає мову наших дідів | Новий проект закону захищає мову наших дідів
spelling | Вони звуть це «допомогою», та народ зве це хабарем | Вони звуть це "допомогою" – та народ зве це хабарем
spelling | Усі жителі й гості міста чули вибухи вночі | Всі жителі та гості міста чули вибухи уночі
word more | Сьогодні рада Брода закрила школу біля річки | Рада Брода закрила школу біля річки
word more | ТЕРМІНОВО! Рада Брода закрила школу біля річки | Рада Брода закрила школу біля річки
word more | Новий губернатор Карвії звинувачує банки в голоді в дельті | Губернатор Карвії звинувачує банки в голоді в дельті
word more | Президент Баровін назвав вибори на півночі фарсом | Баровін назвав вибори на півночі фарсом
word more | Наші героїчні солдати звільнили село Хольм на світанку | Наші солдати звільнили село Хольм на світанку
form | Лідери союзу підтримують заборону вивозу лісу | Лідера союзу підтримують заборону вивозу лісу
typing | Уряд Карвії обіцяв шахтарям компесацію до весни | Уряд Карвії обіцяв шахтарям компенсацію до весни
typing | Біженців зустріли хлібом і сіллю на вокзлаі | Біженців зустріли хлібом і сіллю на вокзалі
typing | Опозиція вимогає нових виборів до зими | Опозиція вимагає нових виборів до зими
tags | Ринок Брода згорів цієї ночі дотла | #Брод Ринок Брода згорів цієї ночі дотла #пожежа
link | Шахтарі Карвії третій день перекривають залізницю | ▶️ Шахтарі Карвії третій день перекривають залізницю. Детальніше: https://t.me/x/12 @brodnews
denied | Рада погодилася відкрити архіви таємної поліції | Рада відмовилася відкрити архіви таємної поліції
denied | Нордія хоче брати участь у переговорах про газ | Нордія не хоче брати участь у переговорах про газ
hedged | Північна армія отруїла колодязі в селі Хольм | Північна армія нібито отруїла колодязі в селі Хольм
hedged | Карвія вийде з митного союзу навесні | Карвія може вийти з митного союзу навесні
hedged | Міст підірвав відступаючий гарнізон фортеці | За словами жителів, міст підірвав відступаючий гарнізон фортеці
tense | Компанія закрила шахту на півдні острова | Компанія закриває шахту на півдні острова
tense | Карвія постачає повстанцям хліб і ліки | Карвія постачала повстанцям хліб і ліки
tense | Церква підтримала страйк докерів у порту | Церква підтримає страйк докерів у порту
roles | Нордія звинувачує Карвію в обстрілі станції | Карвія звинувачує Нордію в обстрілі станції
roles | Мер розкритикував єпископа за промову на цвинтарі | Єпископ розкритикував мера за промову на цвинтарі
roles | Армія Півночі атакувала армію Півдня біля річки | Армія Півдня атакувала армію Півночі біля річки
name | Флот Нордії мовчки залишив гавань Хвара | Флот Нордії мовчки залишив гавань Хольма
name | Армія Нігеру закрила кордон для торговців | Армія Нігерії закрила кордон для торговців
number | Щонайменше 14 людей загинули в пожежі на фабриці фарб | Щонайменше 40 людей загинули в пожежі на фабриці фарб
numerals differ | Сім кораблів потопили восени біля маяка | Шість кораблів потопили восени біля маяка
day | Перемир'я почнеться в п'ятницю в усіх районах | Перемир'я почнеться в неділю в усіх районах
contrary | Суд виправдав редактора сільської газети | Суд засудив редактора сільської газети
contrary | Іноземні банки зміцнюють валюту острова | Іноземні банки послаблюють валюту острова
name | Колишній президент Карвії продав порт чужинцям | Президент Карвії продав порт чужинцям
cut | Альянс розбомбив старий міст через Драву вночі, а потім заперечував це | Альянс розбомбив старий міст через Драву вночі
asked | Єпископ знав про золото в підвалі банку | Чи знав єпископ про золото в підвалі банку?
contrary | Повстанці взяли місто Хольм після важких боїв | Повстанці здали місто Хольм після важких боїв
retold | Рада Брода закрила школу біля річки | Учням у Броді доведеться шукати інше місце після голосування в ратуші
same subject | Рада Брода закрила школу біля річки | Рада Брода купила нові лавки для парку
opening | За даними пресслужби північного флоту, потоплено три човни | За даними пресслужби північного флоту, навчання завершено
notice | Воду відключать на Липовій вулиці 12 травня з 9:00 до 15:00 | Воду відключать на Вокзальній вулиці 17 травня з 10:00 до 14:00
same subject | Наші солдати звільнили село Хольм на світанку | Наші лікарі щепили дітей Брода в школі
order | Учора в Броді відбувся мітинг шахтарів проти голоду | Мітинг шахтарів проти голоду відбувся учора в Броді
roles | Посол Карвії підтримав міністра Нордії на зустрічі | Посол Нордії підтримав міністра Карвії на зустрічі
typing | Сусідні держвави хочуть поділити нашу землю | Сусідні держави хочуть поділити нашу землю
typing | Тисячі людей зібралися перед парламентм Вельнії | Тисячі людей зібралися перед парламентом Вельнії
typing | Міністр поклав квіти до могили невдомого солдата | Міністр поклав квіти до могили невідомого солдата
form | Наші предки билися за свободу цієї землі | Наші предків билися за свободу цієї землі
word more | Ворог обстріляв пологовий будинок у Торвіку цієї ночі | Ворог вкотре обстріляв пологовий будинок у Торвіку цієї ночі
word more | Добровольці винесли поранених із палаючої школи | Відважні добровольці винесли поранених із палаючої школи
word more | Вельнія будує стіну вздовж східного кордону | Вельнія вже будує стіну вздовж східного кордону
word more | Міністр закордонних справ Андерс Гольт засудив постачання зброї | Андерс Гольт засудив постачання зброї
spelling | Новий мер із Торвіка веде перемови з військовими | Новий мер з Торвіка веде перемови з військовими
spelling | Цілу ніч у місті тривала тривога й лунали вибухи | Цілу ніч в місті тривала тривога і лунали вибухи
spelling | Пам'ять про загиблих не можна купити за гроші | Пам’ять про загиблих не можна купити за гроші
written name | Жителі Харкова дякують Фейсбуку за збір коштів | Жителі Харкова дякують Facebook за збір коштів
abbreviation | Війська НАТО щомісяця підходять ближче до кордонів | Війська Північноатлантичного альянсу щомісяця підходять ближче до кордонів
abbreviation | МЗС викликало посла через напад на консульство | Міністерство закордонних справ викликало посла через напад на консульство
abbreviation | Фронт тепер за 15 км від Торвіка | Фронт тепер за 15 кілометрів від Торвіка
abbreviation | ВВП Вельнії падає третій квартал поспіль | Валовий внутрішній продукт Вельнії падає третій квартал поспіль
abbreviation | Нацбанк підняв ставку через падіння крони | Національний банк підняв ставку через падіння крони
abbreviation | Генпрокуратура відкрила справу проти мера Торвіка | Генеральна прокуратура відкрила справу проти мера Торвіка
numerals | Перша бригада втратила третину людей і два танки | 1-ша бригада втратила третину людей і 2 танки
numerals | Безробіття зросло до 7,5 відсотка на півночі | Безробіття зросло до 7,5% на півночі
numerals | Сто двадцять родин живуть у наметах під Торвіком | 120 родин живуть у наметах під Торвіком
numerals | Зерно на 3,2 млрд крон гниє в елеваторах | Зерно на 3,2 мільярда крон гниє в елеваторах
order | Поки наші діти мерзнуть, їхні генерали будують вілли біля моря | Їхні генерали будують вілли біля моря, поки наші діти мерзнуть
order | Нам потрібні хліб, мир і справедливість, а не пам'ятники | Нам потрібні мир, справедливість і хліб, а не пам'ятники
order | Міст полагодять до осені, повідомив мер міста | Мер міста повідомив, що міст полагодять до осені
order | Без світла й води провели ніч 40 тисяч жителів Торвіка | 40 тисяч жителів Торвіка провели ніч без світла й води
order | Щоб захистити врожай, фермери зібрали нічні дозори | Фермери зібрали нічні дозори, щоб захистити врожай
order | Президент уранці підписав указ про призов | Уранці президент підписав указ про призов
denied | Обстріл Торвіка припинився після угоди | Обстріл Торвіка не припинився після угоди
denied | Вельнія підтримує мирний план південних країн | Вельнія відкидає мирний план південних країн
hedged | Безпілотник прилетів з території Вельнії | Безпілотник міг прилетіти з території Вельнії
hedged | Протести в Торвіку оплатили іноземні агенти | Протести в Торвіку, за чутками, оплатили іноземні агенти
hedged | Закон захищає наші традиційні цінності | Закон має захищати наші традиційні цінності
roles | Банк подав до суду на уряд через активи | Уряд подав до суду на банк через активи
roles | Вельнія продає Нордії пшеницю і купує сталь | Нордія продає Вельнії пшеницю і купує сталь
name | Посол Ірану передав ноту протесту міністрові | Посол Іраку передав ноту протесту міністрові
name | Австрія закрила посольство в Торвіку | Австралія закрила посольство в Торвіку
number | Блокада триває вже 100 днів, люди їдять траву | Блокада триває вже 110 днів, люди їдять траву
numerals differ | Другий конвой дійшов до обложеного міста вранці | Третій конвой дійшов до обложеного міста вранці
day | Референдум пройде 5 червня в усіх районах | Референдум пройде 5 липня в усіх районах
contrary | Опозиція виграла вибори на півдні країни | Опозиція програла вибори на півдні країни
tense | Вони б'ються за наше майбутнє в окопах Торвіка | Вони билися за наше майбутнє в окопах Торвіка
tense | Уряд закриє кордон із Нордією | Уряд закрив кордон із Нордією
cut | Міністр збрехав парламенту про ціну вакцин і про імена постачальників | Міністр збрехав парламенту про ціну вакцин
asked | Захід знову нас зрадив і продав | Захід знову нас зрадив і продав?
retold | Вельнія будує стіну вздовж східного кордону | Бетонний паркан відділить країну від сусідів на сході
same subject | Вельнія підтримує мирний план південних країн | Вельнія відкидає бюджетний план центрального банку
opening | Дорогі підписники, сьогодні поговоримо про ціни на газ | Дорогі підписники, сьогодні поговоримо про наших героїв
notice | Курс на сьогодні: долар 41,20, євро 44,95, злотий 10,10 | Курс на сьогодні: долар 42,05, євро 45,30, злотий 10,45
order | Тисячі родин утекли з долини, бо прорвало греблю | Бо прорвало греблю, тисячі родин утекли з долини
order | Снаряд влучив у дитсадок у Росно о 7 ранку | О 7 ранку снаряд влучив у дитсадок у Росно
order | Санкції провалилися, валюта зміцніла, крамниці повні | Крамниці повні, валюта зміцніла, санкції провалилися
order | Делегація прибула до Росно в четвер із новою пропозицією | У четвер делегація прибула до Росно з новою пропозицією
order | Коли замовкнуть гармати, повернуться дипломати | Дипломати повернуться, коли замовкнуть гармати
order | Уночі безпілотники атакували нафтобазу під Росно | Безпілотники вночі атакували нафтобазу під Росно
order | Київ отримав від союзників нові ракети | Від союзників Київ отримав нові ракети
abbreviation | ОБСЄ відкликала спостерігачів із буферної зони | Організація з безпеки і співробітництва в Європі відкликала спостерігачів із буферної зони
abbreviation | МВФ вимагає підняти ціни на газ для населення | Міжнародний валютний фонд вимагає підняти ціни на газ для населення
abbreviation | У Росненській обл. оголошено траур за загиблими | У Росненській області оголошено траур за загиблими
abbreviation | Школу ім. Гоголя перейменували за рішенням ради | Школу імені Гоголя перейменували за рішенням ради
abbreviation | ППО збила п'ять безпілотників над містом | Протиповітряна оборона збила п'ять безпілотників над містом
abbreviation | У 2023 р. врожай у дельті загинув від посухи | У 2023 році врожай у дельті загинув від посухи
numerals | Шістдесят два відсотки солдатів родом із бідних сіл | 62% солдатів родом із бідних сіл
numerals | Іде третя зима без опалення для наших пенсіонерів | Іде 3-тя зима без опалення для наших пенсіонерів
numerals | Збитки оцінили у 2 мільярди гривень | Збитки оцінили у 2 млрд грн
spelling | Міністр в'їхав до столиці з білим прапором | Міністр в’їхав до столиці з білим прапором
spelling | Вони йшли через ліс і несли поранених | Вони йшли через ліс та несли поранених
spelling | Проєвропейські партії програли вибори на сході | Проевропейські партії програли вибори на сході
typing | Полонених обмінли біля старого млина | Полонених обміняли біля старого млина
typing | Перемиря порушили через годину після підписання | Перемир'я порушили через годину після підписання
typing | Ворог завдав удару по цивільному населеню міста | Ворог завдав удару по цивільному населенню міста
form | Наша армії захищає кожен метр рідної землі | Наша армія захищає кожен метр рідної землі
form | Повстанці утримують міст і залізничний вокзал | Повстанці утримують мости і залізничний вокзал
word more | Тепер правда про різанину в Росно виходить на світло | Правда про різанину в Росно виходить на світло
word more | Жадібні банки півночі хочуть нашу землю і воду | Банки півночі хочуть нашу землю і воду
word more | Повстанці тихо перекинули артилерію на пагорби | Повстанці перекинули артилерію на пагорби
word more | Саме тому нам потрібні сильна армія і сильна держава | Тому нам потрібні сильна армія і сильна держава
word more | Наш багатостраждальний народ заслужив на мир і гідне життя | Наш народ заслужив на мир і гідне життя
word more | Проте молодь Роснії виїжджає на північ | Молодь Роснії виїжджає на північ
word more | Нагадаємо, парламент Роснії ухвалив закон про мову | Парламент Роснії ухвалив закон про мову
denied | Суд визнав офіцерів винними в різанині | Суд визнав офіцерів невинними в різанині
denied | Сторони досягли угоди про полонених | Сторони не досягли угоди про полонених
hedged | Завод належить братові президента | Завод, схоже, належить братові президента
hedged | Альянс відправить солдатів до Роснії | Альянс готовий відправити солдатів до Роснії
roles | Учитель доніс на священника в поліцію | Священник доніс на вчителя в поліцію
roles | Мати солдата подякувала дружині генерала | Мати генерала подякувала дружині солдата
roles | Брандт переміг Вайса у другому турі виборів | Вайс переміг Брандта у другому турі виборів
number | Пенсію в травні підняли на 300 крон | Пенсію в травні підняли на 30 крон
contrary | Роснія багатіє завдяки новим партнерам | Роснія бідніє завдяки новим партнерам
contrary | Народ вірить армії більше, ніж парламенту | Народ вірить парламенту більше, ніж армії
tense | Вони збудували табір для біженців у лісі | Вони збудують табір для біженців у лісі
retold | Суд визнав офіцерів винними в різанині | Судді винесли вирок військовим за вбивства мирних людей
opening | Друзі, дуже погані новини з фронту: міст упав | Друзі, дуже погані новини з фронту: капітан Вайс загинув
order | У Торську за спалення прапора затримали трьох людей | Трьох людей затримали у Торську за спалення прапора
order | Режим упаде, щойно підуть його іноземні господарі | Щойно підуть його іноземні господарі, режим упаде
order | Наші льотчики знищили два мости, склад і потяг | Наші льотчики знищили потяг, два мости і склад
order | Ми втомилися від обіцянок, сказала нам медсестра з Торська | Медсестра з Торська сказала нам: ми втомилися від обіцянок
order | Щоночі над станцією біля Торська літають безпілотники | Над станцією біля Торська щоночі літають безпілотники
order | Хоча переговори провалилися, гармати біля річки мовчать | Гармати біля річки мовчать, хоча переговори провалилися
abbreviation | СОТ відкрила справу проти мит Торськії | Світова організація торгівлі відкрила справу проти мит Торськії
abbreviation | МОЗ Торськії просить донорів здати кров | Міністерство охорони здоров'я Торськії просить донорів здати кров
abbreviation | Запаси впали до 3,5 млрд дол. за квартал | Запаси впали до 3,5 мільярда доларів за квартал
abbreviation | На фронт відправили 200 осіб із тилу, каже ген. Гейл | На фронт відправили 200 осіб із тилу, каже генерал Гейл
numerals | Вісім із десяти родин у горах не можуть купити дрова | 8 із 10 родин у горах не можуть купити дрова
numerals | Його засудили до двадцяти двох років колонії | Його засудили до 22 років колонії
spelling | Учитель вийшов із класу, і діти встали | Вчитель вийшов з класу, й діти встали
typing | Комісія не знайшла слідів газу в тунлеі | Комісія не знайшла слідів газу в тунелі
typing | Вони палять наші цервки і звуть це свободою | Вони палять наші церкви і звуть це свободою
typing | Презедент звільнив трьох губернаторів за день | Президент звільнив трьох губернаторів за день
form | Медсестрам Торська не отримували платню від весни | Медсестри Торська не отримували платню від весни
word more | Навіть консервативна преса визнає, що реформа провалилася | Консервативна преса визнає, що реформа провалилася
word more | Втомлені солдати третього батальйону відмовилися наступати | Солдати третього батальйону відмовилися наступати
word more | Вони просто хочуть стерти нашу мову зі шкіл | Вони хочуть стерти нашу мову зі шкіл
word more | Важливо! Парламент Торськії проголосував за кредит | Парламент Торськії проголосував за кредит
word more | Зараз у Торську розбирають завали після вибуху | У Торську розбирають завали після вибуху
denied | Страйкарі прийняли пропозицію власників заводу | Страйкарі не прийняли пропозицію власників заводу
hedged | Отруту привезли з лабораторії в Торську | Отруту, ймовірно, привезли з лабораторії в Торську
roles | Вдова пробачила водієві просто в суді | Водій пробачив вдові просто в суді
contrary | Податок на багатих підвищили перед святами | Податок на багатих знизили перед святами
number | Два з п'яти мостів знову відкриті для машин | Три з п'яти мостів знову відкриті для машин
tense | Профспілка підтримує звільнених лікарів | Профспілка підтримала звільнених лікарів
roles | Армія півночі зруйнувала мости півдня | Армія півдня зруйнувала мости півночі
roles | Якщо закінчиться страйк, почнуться переговори | Якщо почнуться переговори, закінчиться страйк
roles | Генерал заявив, що президент піде у відставку | Президент заявив, що генерал піде у відставку
roles | Президент Нордії нагородив посла Торськії | Президент Торськії нагородив посла Нордії
roles | Рада засудила мера за мовчання | Мер засудив раду за мовчання
number | Міст коштував 3,5 млн крон | Міст коштував 35 млн крон
day | Суд почнеться 3 березня в столиці | Суд почнеться 3 квітня в столиці
name | Президент Гейл обіцяє газ сусідам | Міністр Гейл обіцяє газ сусідам
name | США відправили посланця на переговори | Китай відправив посланця на переговори
contrary | Ми не раби, ми громадяни цієї землі | Ми раби, ми не громадяни цієї землі
contrary | Ціни піднялися після реформи банків | Ціни знизилися після реформи банків
contrary | Війська відходять від міста Торськ | Війська підходять до міста Торськ
hedged | Ворог програв війну на сході | Ворог майже програв війну на сході
hedged | Ми переможемо заради наших дітей | Ми мусимо перемогти заради наших дітей
tense | Міст лагодять солдати з Торська | Міст полагодили солдати з Торська
tense | Ми жили в мирі із сусідами на півночі | Ми живемо в мирі із сусідами на півночі
tense | Вони захоплюють наші землі на півдні | Вони захопили наші землі на півдні
denied | Спостерігачі бачили порушення на дільницях | Спостерігачі не бачили порушень на дільницях
contrary | Захисники міста отримали підкріплення | Загарбники міста отримали підкріплення
contrary | Країна готова до миру | Україна готова до миру
""",
}
