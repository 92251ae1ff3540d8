/** One place of the demo's tree a line: code, the code above it, and its names. Siblings stand in their order. */
// oxfmt-ignore
export const categories = [
  ['camp',       null,    'Camp',               'Camping',              'Camping'],
  ['tents',      'camp',  'Tents & shelter',    'Zelte & Tarps',        'Tentes et abris'],
  ['sleep',      'camp',  'Sleeping',           'Schlafen',             'Couchage'],
  ['cook',       'camp',  'Camp kitchen',       'Outdoor-Küche',        'Cuisine de camp'],
  ['food',       'camp',  'Food',               'Proviant',             'Provisions'],
  ['light',      'camp',  'Light & power',      'Licht & Strom',        'Éclairage et énergie'],
  ['water',      'camp',  'Water',              'Wasser',               'Eau'],
  ['tools',      'camp',  'Tools & repair',     'Werkzeug & Reparatur', 'Outils et réparation'],
  ['trail',      null,    'Trail',              'Wandern',              'Randonnée'],
  ['apparel',    'trail', 'Clothing',           'Bekleidung',           'Vêtements'],
  ['footwear',   'trail', 'Footwear',           'Schuhe',               'Chaussures'],
  ['packs',      'trail', 'Packs & bags',       'Rucksäcke & Taschen',  'Sacs'],
  ['home',       null,    'Home',               'Zuhause',              'Maison'],
  ['bedroom',    'home',  'Bedroom',            'Schlafzimmer',         'Chambre'],
  ['bath',       'home',  'Bath',               'Bad',                  'Salle de bain'],
  ['kitchen',    'home',  'Kitchen',            'Küche',                'Cuisine'],
  ['table',      'home',  'Table',              'Tisch',                'Table'],
  ['furniture',  'home',  'Furniture',          'Möbel',                'Meubles'],
  ['decor',      'home',  'Decor',              'Dekoration',           'Décoration'],
  ['garden',     'home',  'Garden',             'Garten',               'Jardin'],
  ['gifts',      null,    'Gifts & services',   'Geschenke & Service',  'Cadeaux et services'],
  ['bundles',    'gifts', 'Sets',               'Sets',                 'Coffrets'],
  ['gift-cards', 'gifts', 'Gift cards',         'Gutscheine',           'Cartes cadeaux'],
  ['digital',    'gifts', 'Downloads',          'Downloads',            'Téléchargements'],
  ['services',   'gifts', 'Workshop',           'Werkstatt',            'Atelier'],
] as const

// oxfmt-ignore
export const colours = [
  ['barley',   'Barley',   'Gerste',     'Orge'],
  ['bone',     'Bone',     'Elfenbein',  'Ivoire'],
  ['cedar',    'Cedar',    'Zeder',      'Cèdre'],
  ['clover',   'Clover',   'Klee',       'Trèfle'],
  ['deep-sea', 'Deep Sea', 'Tiefsee',    'Abysse'],
  ['heather',  'Heather',  'Heide',      'Bruyère'],
  ['ink',      'Ink',      'Tinte',      'Encre'],
  ['kelp',     'Kelp',     'Seetang',    'Varech'],
  ['moss',     'Moss',     'Moos',       'Mousse'],
  ['oak',      'Oak',      'Eiche',      'Chêne'],
  ['oat',      'Oat',      'Hafer',      'Avoine'],
  ['ochre',    'Ochre',    'Ocker',      'Ocre'],
  ['pine',     'Pine',     'Kiefer',     'Pin'],
  ['rust',     'Rust',     'Rost',       'Rouille'],
  ['sand',     'Sand',     'Sand',       'Sable'],
  ['slate',    'Slate',    'Schiefer',   'Ardoise'],
  ['walnut',   'Walnut',   'Nussbaum',   'Noyer'],
] as const

/** Code, names, and what in a handle tells it. */
// oxfmt-ignore
export const materials = [
  ['merino',    'Merino wool', 'Merinowolle', 'Laine mérinos', /merino|hiking-socks/],
  ['lambswool', 'Lambswool',   'Lammwolle',   'Laine d’agneau', /lambswool/],
  ['down',      'Down',        'Daune',       'Duvet',         /-down-/],
  ['linen',     'Linen',       'Leinen',      'Lin',           /linen/],
  ['cotton',    'Cotton',      'Baumwolle',   'Coton',         /percale|waffle|towels/],
  ['enamel',    'Enamel',      'Emaille',     'Émail',         /enamel/],
  ['cast-iron', 'Cast iron',   'Gusseisen',   'Fonte',         /cast-iron/],
  ['titanium',  'Titanium',    'Titan',       'Titane',        /titanium|spork/],
  ['stoneware', 'Stoneware',   'Steinzeug',   'Grès',          /stoneware/],
  ['wood',      'Wood',        'Holz',        'Bois',          /end-grain|cedar|adirondack|bench|garden-bed/],
] as const

/** Handles of what keeps water out. */
export const waterproof = /tent$|tarp|dry-bag|rain-jacket|granite-mid-boots|headlamp|reservoir/
