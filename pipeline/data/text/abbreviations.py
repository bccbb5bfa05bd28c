"""Abbreviations after whose full stop a sentence goes on, in the languages that posts are identified in.

Written in lower case without the stop. What also ends sentences as an ordinary word ("no", "art", "рис") stands among
those that only a number follows; what ends sentences as often as not ("etc", "usw", "и др") stands nowhere: a small
letter after it keeps the sentence together in any case. A single letter needs no list.
"""

_GOES_ON = """
    adm amb approx bros capt cf col cpl dr eg esp fr gen gov hon ie jr lt maj messrs mr mrs ms mt pres prof rep rev sen
    sgt sr st supt viz vs
    bzw ca evtl geb ggf inkl mio mrd std str tel vgl zzt bijv dhr drs mevr resp
    av éd env mgr mlle mme ste avda cía dña dra ee excmo exmo gral lic núm sra srta ud uds dott avv ing sig jud
    dvs pga esim pvz gen kun mėn tūkst plkst
    abp bp dyw godz im inż ks nadkom ob pl płk por św tj tzn tzw ul ust wg cca judr mudr např nám npor okr plk pplk tř
    tzv npr odn znj ifj özv ún bkz cad doç mah prof sn sok yrd βλ δηλ δρ καθ κκ στρ ths tp pgs jl kab kec
    акад арх букв вс ген гос греч дж докт доп зав зам зв им комн корп корр лат лит нач напр нем обл обр ок оз отв откр
    пер полк пом пос пр просп проф ред рп сб св см соц ср стр тел тов трад ул физ франц чл чел эт юр инж отд англ исп
    итал укр яп гр
    буд бул бульв вул див ім ін кв нар пл поч пс upd ps пров смт заг тзв ал плк пуковник
    აკად გვ იხ მაგ პროფ დոկտ պրոֆ ակադ डॉ डा प्रो श्री पं स्व रु कु मो एस एन बी सी डी एम एल पी वी एफ टी आर
"""
_NUMBER_FOLLOWS = """
    art arts ch chap col doc ed fig figs no nos pp para paras res sec secs sect vol vols
    jan feb mar apr jun jul aug sep sept oct nov dec
    abb abs anm bd blz kap nr kl klo cap lib núm num pág pags pag alin σελ lk rozdz rys tab poz pkt č čl čís odst obr бр
    рис табл абз кв куб пп гл ст разд прил вып изд илл янв февр апр авг сент окт нояб дек мал розд дод стор
"""

GOES_ON = frozenset(_GOES_ON.split())
NUMBER_FOLLOWS = frozenset(_NUMBER_FOLLOWS.split())
# Pairs of single letters after which a sentence goes on; after another ("p. m.", "т. д.") a capital begins the next.
PAIRS_GO_ON = frozenset("eg ie zb dh ua zt iw px pe тє те тк тн тз ио кн кп пн кт πχ ეწ нп во то го".split())  # noqa: SIM905
